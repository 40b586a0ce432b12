import { type Dispatcher, request } from 'undici';
import { TiplineError } from '../../core/process/errors.ts';
import { decode } from './decode.ts';
import { CONNECT_MS, createDispatcher } from './dispatcher.ts';
import { FetchError, networkError, type Refusal, refused } from './fetch-error.ts';
import { firstHop, type Hop, nameOf, nextHop, nextPostHop } from './redirect.ts';
import { askedWait, parseRetryAfter } from './retry-after.ts';
import { createTimeBudget, type TimeBudget } from './time-budget.ts';

/** What a server gave to recognise an unchanged answer by (RFC 9110, section 8.8). */
export interface Validators {
  etag?: string;
  lastModified?: string;
}

interface Asked {
  url: string;
  accept?: string;
  /** Keys and custom headers; sent to the origin of `url` alone. With `range` among them, 206 is an answer. */
  headers?: Readonly<Record<string, string>>;
  /** Cap on the answer, after decompression. */
  maxBytes: number;
  signal: AbortSignal;
  /** Statuses that the feed wants to see itself, instead of a rejection. */
  also?: readonly number[];
  /** Show no client certificate: this is not the origin that the feed was set up for. */
  anonymous?: boolean;
  /** Set by transport.ts; what it leaves open is as for all. */
  route?: Partial<Route>;
}

export interface FetchRequest extends Asked {
  /** Makes the request conditional. */
  validators?: Validators;
}

export interface PostRequest extends Asked {
  body: string;
  contentType: string;
}

/** The way that the requests of one feed take. */
export interface Route {
  /** Connections to the origin that the feed was set up for, and to those it is sent on to. */
  home: Dispatcher;
  away: Dispatcher;
  /** Throws when no request of the feed may go there. */
  admitUrl?(url: URL): void;
  /** For messages: the proxy, if there is one. */
  via?: string;
  /** Resolves when one more request may go out. */
  admit(signal: AbortSignal): Promise<void>;
  /** Counts what came over the wire. */
  received(bytes: number): void;
  /** Epoch ms, by the clock that the feed's waits go by. */
  now(): number;
}

export interface ListAnswer {
  kind: 'list';
  /** 200, 203, 204, 206 or one of `also`. */
  status: number;
  /** Decompressed. Read it to its end, leave it early, or abort the signal: it holds the connection. */
  bytes: AsyncIterable<Buffer>;
  contentType: string;
  validators: Validators;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
}

export type Answer = { kind: 'unchanged' } | ListAnswer;

export interface Fetcher {
  /** Rejects with a FetchError. The bytes are read only as fast as they are taken. */
  get(request: FetchRequest): Promise<Answer>;
  /** The same with a body. A redirect within the origin that keeps the method is followed; any other is an error that names it. */
  post(request: PostRequest): Promise<ListAnswer>;
  close(): Promise<void>;
}

export interface FetcherOptions {
  userAgent?: string;
  connectTimeout?: number;
  /** Until the headers are there, and between two pieces of the body. */
  answerTimeout?: number;
  /** For a whole request with its redirects, counting only the time spent waiting for the server. */
  totalTimeout?: number;
  /** PEM of an authority to trust besides the known ones. */
  ca?: string;
}

const MOST_REDIRECTS = 5;
const MOST_ERROR_BYTES = 4096;

/** One for the whole process: connections are shared. */
export function createFetcher(options: FetcherOptions = {}): Fetcher {
  const {
    userAgent = 'tipline (threat intelligence pipeline)',
    connectTimeout = CONNECT_MS,
    answerTimeout = 60_000,
    totalTimeout = 900_000,
  } = options;
  const shared = createDispatcher({ connectTimeout, tls: { ca: options.ca } });
  const direct: Route = { home: shared, away: shared, admit: async () => {}, received: () => {}, now: Date.now };

  async function send(hop: Hop, { wanted, route, budget, own }: Call): Promise<Dispatcher.ResponseData> {
    route.admitUrl?.(hop.url);
    await route.admit(wanted.signal);
    const { method, body, headers } = own;
    try {
      return await budget.spend(() =>
        request(hop.url, {
          dispatcher: hop.home && wanted.anonymous !== true ? route.home : route.away,
          method,
          ...(body === undefined ? {} : { body }),
          signal: budget.signal,
          headersTimeout: answerTimeout,
          // does not run while the body is paused, so a slow bus does not look like a slow server
          bodyTimeout: answerTimeout,
          headers: {
            'user-agent': userAgent,
            accept: wanted.accept ?? '*/*',
            'accept-encoding': 'gzip, deflate, br, zstd',
            ...headers,
            ...hop.credentials,
          },
        }),
      );
    } catch (error) {
      throw asFetchError(error, hop, { route, budget });
    }
  }

  async function fetchAnswer(wanted: Asked, own: Own): Promise<Answer> {
    const { headers: given = {}, also = [] } = wanted;
    const route: Route = { ...direct, ...wanted.route };
    const budget = createTimeBudget(totalTimeout, wanted.signal);
    const call: Call = { wanted, route, budget, own };
    const ranged = Object.keys(given).some((name) => name.toLowerCase() === 'range');
    let hop = firstHop(wanted.url, given);
    for (let redirects = 0; ; redirects += 1) {
      const response = await send(hop, call);
      // without a listener an error after the body was left would end the process
      response.body.on('error', () => {});
      const headers = plainHeaders(response.headers);
      const status = response.statusCode;
      if (status === 304 && own.conditional) {
        await leave(response);
        return { kind: 'unchanged' };
      }
      if (isRedirect(status) && !also.includes(status)) {
        await leave(response);
        if (redirects === MOST_REDIRECTS) {
          throw new FetchError('FEED_REDIRECT', `more than ${MOST_REDIRECTS} redirects; check the URL`, {
            retryable: true,
          });
        }
        hop = own.method === 'GET' ? nextHop(hop, headers.location) : nextPostHop(hop, status, headers.location);
        continue;
      }
      const bytes = readBody(response, hop, headers, call);
      if (!isAnswer(status) && !(status === 206 && ranged) && !also.includes(status)) {
        const refusal: Refusal = { status, headers, body: await firstText(bytes) };
        throw refused(nameOf(hop.url), refusal, waitOf(status, headers, route.now()));
      }
      const { etag, 'last-modified': lastModified } = headers;
      return {
        kind: 'list',
        status,
        bytes,
        contentType: headers['content-type'] ?? '',
        headers,
        validators: {
          ...(etag === undefined ? {} : { etag }),
          ...(lastModified === undefined ? {} : { lastModified }),
        },
      };
    }
  }

  return {
    get(wanted) {
      const { etag, lastModified } = wanted.validators ?? {};
      return fetchAnswer(wanted, {
        method: 'GET',
        conditional: (etag ?? lastModified) !== undefined,
        headers: {
          ...(etag === undefined ? {} : { 'if-none-match': etag }),
          ...(lastModified === undefined ? {} : { 'if-modified-since': lastModified }),
        },
      });
    },
    async post(wanted) {
      const { body, contentType } = wanted;
      const headers = { 'content-type': contentType };
      const answer = await fetchAnswer(wanted, { method: 'POST', conditional: false, headers, body });
      if (answer.kind === 'list') return answer;
      throw new FetchError('FEED_STATUS', 'answered 304 to a POST', { retryable: true });
    },
    close: () => shared.close(),
  };
}

/** What GET and POST do not share. */
interface Own {
  method: 'GET' | 'POST';
  /** 304 is an answer. */
  conditional: boolean;
  headers: Readonly<Record<string, string>>;
  body?: string;
}

interface Call {
  wanted: Asked;
  route: Route;
  budget: TimeBudget;
  own: Own;
}

function isAnswer(status: number): boolean {
  return status === 200 || status === 203 || status === 204;
}

/** Quotas are also told with answers that have nothing to do with them, where only Retry-After asks to be left alone. */
function waitOf(status: number, headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const limited = status === 429 || status === 509 || headers['x-ratelimit-remaining']?.trim() === '0';
  return limited ? askedWait(headers, now) : parseRetryAfter(headers['retry-after'], now);
}

async function* readBody(
  response: Dispatcher.ResponseData,
  hop: Hop,
  headers: Readonly<Record<string, string>>,
  { wanted, route, budget }: Call,
): AsyncGenerator<Buffer> {
  const where = nameOf(hop.url);
  async function* raw(): AsyncGenerator<Buffer> {
    const chunks = response.body[Symbol.asyncIterator]();
    for (;;) {
      const next = await budget.spend(() => chunks.next());
      if (next.done === true) return;
      const chunk = next.value as Buffer;
      route.received(chunk.length);
      yield chunk;
    }
  }
  try {
    yield* decode(raw(), { where, encoding: headers['content-encoding'] ?? '', maxBytes: wanted.maxBytes });
  } catch (error) {
    throw asFetchError(error, hop, { route, budget });
  } finally {
    response.body.destroy();
  }
}

function asFetchError(error: unknown, hop: Hop, { route, budget }: Pick<Call, 'route' | 'budget'>): TiplineError {
  const where = nameOf(hop.url) + (route.via === undefined ? '' : ` (through ${route.via})`);
  if (budget.spent) {
    return new FetchError('FEED_TIMEOUT', `${where}: the answer takes too long; it is not read further`, {
      retryable: true,
    });
  }
  return error instanceof TiplineError ? error : networkError(where, error);
}

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/** Reads what little body an answer without a list has, so that its connection can be used again. */
async function leave(response: Dispatcher.ResponseData): Promise<void> {
  await response.body.dump({ limit: 16 * 1024 }).catch(() => {});
}

async function firstText(bytes: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of bytes) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MOST_ERROR_BYTES) break;
    }
  } catch {
    // the status is what counts
  }
  return Buffer.concat(chunks).toString('utf8', 0, MOST_ERROR_BYTES);
}

function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return plain;
}
