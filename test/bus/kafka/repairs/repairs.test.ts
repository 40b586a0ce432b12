import assert from 'node:assert/strict';
import { createServer, type Server, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import kafkajs from 'kafkajs';
import { placeVerdict } from '../../../../bus/kafka/errors.ts';
import { coordinatorLost } from '../../../../bus/kafka/repairs/coordinator-loss.ts';
import { repairKafkajs } from '../../../../bus/kafka/repairs/kafkajs.ts';
import { createSocketFactory } from '../../../../bus/kafka/repairs/sockets.ts';
import { kafkajsModule } from '../../../../bus/kafka/repairs/upstream.ts';

describe('a heartbeat of kafkajs', () => {
  interface Group {
    heartbeat(options: { interval: number }): Promise<void>;
  }
  repairKafkajs();
  const { prototype } = kafkajsModule('consumer/consumerGroup.js') as { prototype: Group };

  /** A member whose coordinator answers with `error`, with as much of kafkajs's own members as a heartbeat needs. */
  function memberWith(error: Error): Group {
    const ConsumerGroup = kafkajsModule('consumer/consumerGroup.js') as new (options: object) => Group;
    const logger = { namespace: () => logger, info() {}, debug() {}, warn() {}, error() {} };
    const group = new ConsumerGroup({ logger, groupId: 'g', topics: [], assigners: [], cluster: {}, retry: {} });
    return Object.assign(group, {
      memberId: 'me',
      generationId: 1,
      lastRequest: 0,
      coordinator: { heartbeat: () => Promise.reject(error) },
    });
  }

  it('that meets a broken connection has kafkajs look for the coordinator and join again', async () => {
    const failed = memberWith(new kafkajs.KafkaJSConnectionError('Not connected')).heartbeat({ interval: 0 });
    await assert.rejects(failed, { type: 'NOT_COORDINATOR_FOR_GROUP' });
  });

  it('that is refused for another reason says that reason', async () => {
    const refusal = Object.assign(new Error('x'), { type: 'UNKNOWN_MEMBER_ID' });
    await assert.rejects(memberWith(refusal).heartbeat({ interval: 0 }), refusal);
  });

  it('is the method that kafkajs calls', () => {
    assert.equal(prototype.heartbeat.name, 'heartbeatOrRejoin');
    assert.equal(placeVerdict(coordinatorLost(new Error('x'))), 'rebalance');
  });
});

describe('sockets for kafkajs', () => {
  let server: Server;
  const sockets: Socket[] = [];
  before(async () => {
    server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('are given while the client is in use, and not afterwards', async () => {
    const address = server.address();
    assert.ok(address !== null && typeof address === 'object');
    let inUse = true;
    const opened: Socket[] = [];
    const connect = createSocketFactory(
      () => inUse,
      (socket) => opened.push(socket),
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    const where = { host: '127.0.0.1', port: address.port, ssl: undefined as never, onConnect: () => resolve() };
    const socket = connect(where);
    await promise;
    assert.deepEqual(opened, [socket], 'whoever is done with the client can cut what is left');
    socket.destroy();
    inUse = false;
    assert.throws(() => connect(where), /closed/);
  });
});

describe('records in a format from before Kafka 0.11', () => {
  it('are left to kafkajs', async () => {
    repairKafkajs();
    type Encoder = { buffer: Buffer };
    const MessageSet = kafkajsModule('protocol/messageSet/index.js') as (options: object) => Encoder;
    const Decoder = kafkajsModule('protocol/decoder.js') as new (buffer: Buffer) => object;
    const decode = kafkajsModule('protocol/requests/fetch/v4/decodeMessages.js') as (
      decoder: object,
    ) => Promise<{ key: Buffer; value: Buffer }[]>;
    const { buffer } = MessageSet({ messageVersion: 1, entries: [{ key: 'old', value: 'news', timestamp: 1 }] });
    const size = Buffer.alloc(4);
    size.writeInt32BE(buffer.length);
    const [message] = await decode(new Decoder(Buffer.concat([size, buffer])));
    assert.equal(String(message?.key), 'old');
    assert.equal(String(message?.value), 'news');
  });
});
