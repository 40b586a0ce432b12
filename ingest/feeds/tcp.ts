import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { z } from 'zod';
import { duration, listenAddress, size } from '../../core/process/config/values.ts';
import { keepDoor } from '../../core/process/door.ts';
import type { Log } from '../../core/process/log.ts';
import { defineFeed, type ListenContext, type ListeningFeed } from '../feed.ts';
import { adoptionOf, adoptRecord } from '../foreign.ts';
import { createJsonPieces } from '../formats/json-pieces.ts';
import { createLineSplitter } from '../formats/lines.ts';
import { createIntake } from '../intake.ts';
import { indicatorOf } from '../outgoing.ts';
import { commonKeys } from '../settings.ts';
import { isLoopback, listenUntil, serverTls, tlsServer } from './listening.ts';
import { pushToken, tokenCheck } from './push-token.ts';
import { readClient } from './tcp/client.ts';

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('tcp'),
  listen: listenAddress
    .default('127.0.0.1:5000')
    .describe(
      'Address to listen on; port 0 takes a free one. Loopback unless another address is written down: whoever reaches it may write.',
    ),
  tls: serverTls.optional().describe('Certificates; without them it speaks plain TCP.'),
  token: pushToken
    .optional()
    .describe(
      'What each client sends as its first line, before any record; a list of several, so that each client has its own or one can be changed.',
    ),
  max_clients: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe(
      'So many clients at once. A newcomer above that gets the place of one that has shown neither token nor certificate nor a record with an indicator yet; without such it is turned away.',
    ),
  max_line: size
    .pipe(z.number().max(262_144, 'must be 256kb at most'))
    .default(64 * 1024)
    .describe('Longer records are counted and dropped; 256kb at most.'),
  line_timeout: duration
    .default(30_000)
    .describe(
      "A client's first line, and any record once it is begun, must be whole after so long, else it is cut off.",
    ),
  idle: duration.default(300_000).describe('A client that sends no whole record for so long is cut off.'),
});

type TcpFeed = z.output<typeof schema>;

/**
 * JSON objects from any number of clients: one a line, several, arrays, or printed over many lines. There is no answer: a client knows
 * that they arrived in the kernel, not that they are on the bus. What was read and is not on the bus yet is a few thousand records at
 * most, and lost when the process is killed.
 */
export const tcp = defineFeed({
  type: 'tcp',
  schema,
  secrets: ['token'],
  open: (config, { log }) => openListener(config, log),
});

const HANDSHAKE_MS = 10_000;
/** An array may stand in one line that is longer than any of its records. */
const MOST_LINE_BYTES = 1024 ** 2;

function openListener(config: TcpFeed, log: Log): ListeningFeed {
  const adoption = adoptionOf(config, false);
  const isToken = config.token === undefined ? {} : { isToken: tokenCheck(config.token) };

  async function run(context: ListenContext): Promise<void> {
    const intake = createIntake((records) => context.deliver(records));
    const reading = new Set<Promise<void>>();
    const server = await openServer(config);
    const door = keepDoor(server, { most: config.max_clients, turnedAway: context.turnedAway });
    server.on('tlsClientError', (error) => log.debug({ error }, 'no TLS with this client'));
    server.on(config.tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      // the door has let it go already
      if (socket.destroyed) return;
      // without one of its certificates nobody comes this far
      if (config.tls?.client_ca !== undefined) door.earned(socket);
      const read = readClient(socket, {
        lines: createLineSplitter({ maxLine: MOST_LINE_BYTES }),
        pieces: createJsonPieces({ maxRecord: config.max_line }),
        lineTimeout: config.line_timeout,
        idle: config.idle,
        ...isToken,
        isUseful: ({ indicator, type }) => indicatorOf(indicator, type ?? config.indicator_type) !== undefined,
        earned: () => door.earned(socket),
        tooLong: (count) => context.tally.tooLong(count),
        add: (records) => intake.add(records.map((record) => adoptRecord(record, adoption))),
      })
        .then((why) => {
          if (why !== undefined) context.turnedAway(why);
        })
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
        if (isLoopback(config.listen) || config.token !== undefined || config.tls?.client_ca !== undefined) return;
        log.warn(
          { listen: config.listen },
          'whoever reaches this address may send indicators; "token" or tls.client_ca lets in only whom you know',
        );
      },
      async letGo() {
        door.clear();
        await Promise.all(reading);
        await intake.end();
      },
    });
  }

  return { kind: 'listening', run };
}

async function openServer({ tls }: TcpFeed): Promise<Server> {
  if (tls === undefined) return createServer();
  return await tlsServer(tls, (files) => createTlsServer({ ...files, handshakeTimeout: HANDSHAKE_MS }));
}
