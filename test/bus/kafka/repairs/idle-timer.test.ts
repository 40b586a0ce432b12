import assert from 'node:assert/strict';
import { createHook } from 'node:async_hooks';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import { repairKafkajs } from '../../../../bus/kafka/repairs/kafkajs.ts';
import { kafkajsModule } from '../../../../bus/kafka/repairs/upstream.ts';
import { runCommand } from '../../../services/command.ts';
import { freshName, givenKafka } from '../../../services/given.ts';
import { freshTopic, openBus } from '../open-bus.ts';

describe('idle connections of kafkajs', () => {
  let brokers: string[];
  before(async () => {
    brokers = await givenKafka();
  });

  it('start no timers', async () => {
    repairKafkajs();
    const admin = new Kafka({ brokers, logLevel: logLevel.NOTHING, enforceRequestTimeout: false }).admin();
    await admin.connect();
    await admin.listTopics();
    let timers = 0;
    const hook = createHook({
      init(_id, type) {
        if (type === 'Timeout') timers += 1;
      },
    }).enable();
    await sleep(500);
    hook.disable();
    await admin.disconnect();
    // Without the repair there are several hundred.
    assert.ok(timers <= 3, `${timers} timers in half a second`);
  });

  it('have Node say nothing of negative timeouts to an operator', async () => {
    const { bus } = openBus(brokers);
    const topic = await freshTopic(bus);
    await bus.publish(topic, [{ key: 'k', value: 'v' }]);
    await bus.close();
    const reader = join(import.meta.dirname, 'reader.ts');
    const ended = await runCommand([process.execPath, reader, brokers.join(','), topic, freshName('group')]);
    assert.equal(ended.code, 0, ended.stderr);
    assert.doesNotMatch(ended.stderr, /Warning/);
    assert.equal(ended.stdout, 'read 1\n');
  });

  it('still send what had to wait', async () => {
    repairKafkajs();
    interface Queue {
      push(request: object): void;
      fulfillRequest(response: object): void;
      destroy(): void;
    }
    const RequestQueue = kafkajsModule('network/requestQueue/index.js') as new (options: object) => Queue;
    const quiet = (): void => {};
    const queue = new RequestQueue({
      maxInFlightRequests: 1,
      requestTimeout: 1_000,
      enforceRequestTimeout: false,
      clientId: 'test',
      broker: 'none',
      logger: { debug: quiet, warn: quiet },
    });
    const sent: number[] = [];
    const request = (correlationId: number): object => ({
      entry: { correlationId, apiKey: 1, apiName: 'any', apiVersion: 1, resolve: quiet, reject: quiet },
      expectResponse: true,
      sendRequest: () => sent.push(correlationId),
    });
    queue.push(request(1));
    queue.push(request(2));
    assert.deepEqual(sent, [1]);
    queue.fulfillRequest({ correlationId: 1, size: 0, payload: Buffer.alloc(0) });
    assert.deepEqual(sent, [1, 2]);
    queue.destroy();
  });
});
