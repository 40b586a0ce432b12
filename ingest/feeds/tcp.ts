import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { z } from 'zod';
import { duration, hostPort, size } from '../../core/process/config/sections.ts';
import type { Log } from '../../core/process/log.ts';
import { defineFeed, type FeedRecord, type ListenContext, type ListeningFeed } from '../feed.ts';
import { adoptionOf, adoptLine } from '../foreign.ts';
import { createLineSplitter, isBlank } from '../formats/lines.ts';
import { createIntake, type Intake } from '../intake.ts';
import { commonKeys } from '../settings.ts';
import { isLoopback, listenUntil, serverTls, tlsServer } from './listening.ts';

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('tcp'),
  listen: hostPort
    .default('127.0.0.1:5000')
    .describe(
      'Address to listen on; port 0 takes a free one. Loopback unless another address is written down: whoever reaches it may write.',
    ),
  tls: serverTls.optional().describe('Certificates; without them it speaks plain TCP.'),
  max_clients: z.int().min(1).max(10_000).default(100).describe('So many clients at once; more are turned away.'),
  max_line: size
    .pipe(z.number().max(262_144, 'must be 256kb at most'))
    .default(64 * 1024)
    .describe('Longer lines are counted and dropped; 256kb at most.'),
  idle: duration.default(300_000).describe('A client that sends nothing for so long is cut off.'),
});

type TcpFeed = z.output<typeof schema>;

/**
 * JSON lines from any number of clients. There is no answer: a client knows that its lines arrived in the kernel, not that they are on
 * the bus. What was read and is not on the bus yet is a few thousand records at most, and lost when the process is killed.
 */
export const tcp = defineFeed({
  type: 'tcp',
  schema,
  secrets: [],
  open: (config, { log }) => openListener(config, log),
});

const HANDSHAKE_MS = 10_000;

function openListener(config: TcpFeed, log: Log): ListeningFeed {
  const adoption = adoptionOf(config, false);

  async function run(context: ListenContext): Promise<void> {
    const intake = createIntake((records) => context.deliver(records));
    const connections = new Set<Socket>();
    const reading = new Set<Promise<void>>();
    const server = await openServer(config);
    server.maxConnections = config.max_clients;
    let turnedAway = 0;
    server.on('drop', () => {
      turnedAway += 1;
      if (turnedAway === 1) log.warn({ max_clients: config.max_clients }, 'too many clients; more are turned away');
    });
    // all of them, also those that are still in their TLS handshake
    server.on('connection', (socket) => {
      connections.add(socket);
      socket.once('close', () => connections.delete(socket));
    });
    server.on('tlsClientError', (error) => log.debug({ error }, 'no TLS with this client'));
    server.on(config.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      const read = readClient(socket, config, intake, context, (line) => adoptLine(line, adoption))
        .catch((error: unknown) => log.debug({ error }, 'a client broke off'))
        .finally(() => {
          reading.delete(read);
          socket.destroy();
        });
      reading.add(read);
    });

    await listenUntil(server, {
      address: config.listen,
      signal: context.signal,
      failed: intake.failed,
      opened(at) {
        context.ready(`listens on ${at}${config.tls === undefined ? '' : ' with TLS'}`);
        if (isLoopback(config.listen) || config.tls?.client_ca !== undefined) return;
        log.warn(
          { listen: config.listen },
          'whoever reaches this address may send indicators; tls.client_ca lets in only whom you know',
        );
      },
      async letGo() {
        for (const socket of connections) socket.destroy();
        await Promise.all(reading);
        await intake.end();
      },
    });
  }

  return { kind: 'listening', run };
}

/** Reads one client until it ends. Not reading is all the back-pressure there is: the kernel's window fills, and the client waits. */
async function readClient(
  socket: Socket,
  config: TcpFeed,
  intake: Intake,
  context: ListenContext,
  adopt: (line: Buffer) => FeedRecord,
): Promise<void> {
  const lines = createLineSplitter({ maxLine: config.max_line });
  let waiting = false;
  socket.setTimeout(config.idle);
  socket.on('timeout', () => {
    // silence that we made ourselves by not reading is no idleness
    if (waiting) socket.setTimeout(config.idle);
    else socket.destroy();
  });
  let records: FeedRecord[] = [];
  const take = (line: Buffer): void => {
    if (!isBlank(line)) records.push(adopt(line));
  };
  let tooLong = 0;

  async function handOver(): Promise<void> {
    if (lines.tooLong > tooLong) {
      context.tally.tooLong(lines.tooLong - tooLong);
      tooLong = lines.tooLong;
    }
    if (records.length === 0) return;
    const taken = records;
    records = [];
    waiting = true;
    await intake.add(taken);
    waiting = false;
  }

  for await (const chunk of socket) {
    lines.push(chunk as Buffer, take);
    await handOver();
  }
  // the client closed in good order, so what it wrote last is a whole line
  take(lines.rest());
  await handOver();
}

async function openServer({ tls }: TcpFeed): Promise<Server> {
  if (tls === undefined) return createServer();
  return await tlsServer(tls, (files) => createTlsServer({ ...files, handshakeTimeout: HANDSHAKE_MS }));
}
