import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { z } from 'zod';
import { pause } from '../../core/process/backoff.ts';
import { duration, listenAddress, size } from '../../core/process/config/values.ts';
import { keepDoor } from '../../core/process/door.ts';
import { codeOf } from '../../core/process/errors.ts';
import type { Log } from '../../core/process/log.ts';
import { defineFeed, type ListenContext, type ListeningFeed } from '../feed.ts';
import { adoptionOf, adoptValue } from '../foreign.ts';
import { readPushed } from '../formats/pushed.ts';
import { MOST_RECORD_BYTES } from '../outgoing.ts';
import { commonKeys } from '../settings.ts';
import { AWAY, type Reply, readBody, refuse, send, TOO_MANY, tooLarge } from './http-push/exchange.ts';
import { isLoopback, listenUntil, serverTls, tlsServer } from './listening.ts';
import { pushToken, tokenCheck } from './push-token.ts';

const schema = z.strictObject({
  ...commonKeys,
  type: z.literal('http-push'),
  listen: listenAddress
    .default('127.0.0.1:9610')
    .describe('Address to listen on; port 0 takes a free one. Loopback unless another address is written down.'),
  token: pushToken.describe(
    'What clients send as `Authorization: Bearer …`; several, so that each client has its own or one can be changed.',
  ),
  tls: serverTls.optional().describe('Certificates; without them it speaks plain HTTP.'),
  max_body: size
    .pipe(z.number().max(64 * 1024 ** 2, 'must be 64mb at most'))
    .default(4 * 1024 ** 2)
    .describe('Cap on a body, after decompression.'),
  max_requests: z
    .int()
    .min(1)
    .max(256)
    .default(8)
    .describe('So many requests are worked on at once; more are answered 429.'),
  max_connections: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe(
      'So many connections at once. A newcomer above that gets the place of one that has not shown a token yet; without such it is turned away.',
    ),
  request_timeout: duration.default(60_000).describe('A request that is not all there after so long is cut off.'),
  idle: duration.default(30_000).describe('A connection without a request is closed after so long.'),
  wait: duration
    .default(30_000)
    .describe('How long a request waits for the bus; after that it is answered 503, and should be sent again.'),
});

type HttpPush = z.output<typeof schema>;

/**
 * `POST /v1/indicators` for scripts: one JSON object, an array, or JSON lines, in the form of `ioc.raw`. Answered 202 when all of its
 * records are on the bus, and not before; a body with a mistake in it is refused whole.
 */
export const httpPush = defineFeed({
  type: 'http-push',
  schema,
  secrets: ['token'],
  open: (config, { log }) => openDoor(config, log),
});

const PATH = '/v1/indicators';
/** Told apart from an answer that the bus itself made necessary. */
const LATE: Reply = { ...AWAY };
const HEADERS_MS = 10_000;

function openDoor(config: HttpPush, log: Log): ListeningFeed {
  const adoption = adoptionOf(config, false);
  const isToken = tokenCheck(config.token);

  async function run(context: ListenContext): Promise<void> {
    /** Requests whose body is read or whose records wait for the bus; of those, how many waited for too long. */
    let busy = 0;
    let stalled = 0;
    const working = new Set<Promise<void>>();
    const reading = new Set<IncomingMessage>();
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => {});

    async function receive(request: IncomingMessage, response: ServerResponse): Promise<Reply | undefined> {
      const early = refusalOf(request);
      if (early !== undefined) return early;
      if (stalled > 0 || context.signal.aborted) return AWAY;
      if (busy >= config.max_requests) return TOO_MANY;
      busy += 1;
      let delivering: Promise<void> | undefined;
      try {
        if (request.headers.expect !== undefined) response.writeContinue();
        reading.add(request);
        const body = await readBody(request, config.max_body).finally(() => reading.delete(request));
        if (!Buffer.isBuffer(body)) return body;
        const pushed = readPushed(body, request.headers['content-type'] ?? '', {
          mostRecord: MOST_RECORD_BYTES - SPARE_BYTES,
          mostRecords: MOST_RECORDS,
        });
        if (!pushed.ok)
          return { status: 400, body: { error: 'nothing was taken: correct the body', problems: pushed.problems } };
        delivering = context.deliver(pushed.records.map((record) => adoptValue(record, adoption)));
        return await inTime(delivering, pushed.records.length);
      } finally {
        // the place is free when the records are on the bus, not when the client has its answer
        if (delivering === undefined) busy -= 1;
        else
          void delivering
            .catch(() => {})
            .finally(() => {
              busy -= 1;
            });
      }
    }

    async function inTime(delivering: Promise<void>, count: number): Promise<Reply> {
      const waiting = new AbortController();
      const late = pause(config.wait, waiting.signal).then(() => LATE);
      const done = delivering.then(
        () => ({ status: 202, body: { accepted: count } }),
        (error: unknown) => {
          if (codeOf(error) !== 'INGEST_STOPPED') failure.reject(error);
          return AWAY;
        },
      );
      const reply = await Promise.race([done, late]);
      waiting.abort();
      if (reply === LATE) {
        stalled += 1;
        void done.then(() => {
          stalled -= 1;
        });
        return AWAY;
      }
      return reply;
    }

    /** What can be said before the body is read. */
    function refusalOf(request: IncomingMessage): Reply | undefined {
      if ((request.url ?? '').split('?')[0] !== PATH) return refuse(404, `there is ${PATH} here, and nothing else`);
      if (request.method !== 'POST') return { ...refuse(405, 'only POST'), headers: { allow: 'POST' } };
      if (!isToken(/^Bearer +(\S{1,1000}) *$/i.exec(request.headers.authorization ?? '')?.[1] ?? '')) {
        context.turnedAway('token');
        const headers = { 'www-authenticate': 'Bearer' };
        return { ...refuse(401, 'send one of the tokens of this feed as Authorization: Bearer …'), headers };
      }
      door.earned(request.socket);
      const length = Number(request.headers['content-length'] ?? 0);
      return length > config.max_body ? tooLarge(config.max_body) : undefined;
    }

    function serve(request: IncomingMessage, response: ServerResponse): void {
      const work = receive(request, response)
        .catch((error: unknown) => {
          log.debug({ error }, 'a request broke off');
          return undefined;
        })
        .then((reply) => {
          if (reply === undefined) response.destroy();
          else send(request, response, reply);
        })
        .finally(() => working.delete(work));
      working.add(work);
    }

    const server = await openServer(config);
    const door = keepDoor(server, { most: config.max_connections, turnedAway: context.turnedAway });
    server.on('request', serve);
    server.on('checkContinue', serve);
    await listenUntil(server, {
      address: config.listen,
      signal: context.signal,
      failed: failure.promise,
      opened(at) {
        context.ready(`listens on ${at}${config.tls === undefined ? '' : ' with TLS'}`);
        if (isLoopback(config.listen) || config.tls !== undefined) return;
        log.warn(
          { listen: config.listen },
          'tokens and indicators cross the network in plain text here; "tls" changes that',
        );
      },
      async letGo() {
        // nothing is lost with a body that is not all there: its client has no answer
        for (const request of reading) request.destroy();
        await Promise.all(working);
        server.closeAllConnections();
      },
    });
  }

  return { kind: 'listening', run };
}

/** What is filled in from the configuration makes a record longer. */
const SPARE_BYTES = 16 * 1024;
const MOST_RECORDS = 100_000;

async function openServer({ tls, request_timeout, idle }: HttpPush): Promise<Server> {
  const headersTimeout = Math.min(HEADERS_MS, request_timeout);
  const limits = { headersTimeout, requestTimeout: request_timeout, connectionsCheckingInterval: 1000 };
  const server =
    tls === undefined
      ? createServer(limits)
      : await tlsServer(tls, (files) => createTlsServer({ ...limits, ...files, handshakeTimeout: HEADERS_MS }));
  server.keepAliveTimeout = idle;
  return server;
}
