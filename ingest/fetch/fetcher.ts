import { Agent, type Dispatcher, request } from 'undici';
import { TiplineError } from '../../core/process/errors.ts';
import { decode } from './decode.ts';
import { FetchError, networkError, type Refusal, refused } from './fetch-error.ts';
import { firstHop, type Hop, nameOf, nextHop } from './redirect.ts';
import { parseRetryAfter } from './retry-after.ts';
import { createTimeBudget, type TimeBudget } from './time-budget.ts';

/** What a server gave to recognise an unchanged answer by (RFC 9110, section 8.8). */
export interface Validators {
  etag?: string;
  lastModified?: string;
}

export interface FetchRequest {
  url: string;
  accept?: string;
  /** Keys and custom headers; sent to the origin of `url` alone. */
  headers?: Readonly<Record<string, string>>;
  /** Makes the request conditional. */
  validators?: Validators;
  /** Cap on the answer, after decompression. */
  maxBytes: number;
  signal: AbortSignal;
}

export interface ListAnswer {
  kind: 'list';
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
const MOST_HEADER_BYTES = 32 * 1024;

/** One for the whole process: connections are shared. */
export function createFetcher(options: FetcherOptions = {}): Fetcher {
  const {
    userAgent = 'tipline (threat intelligence pipeline)',
    connectTimeout = 10_000,
    answerTimeout = 60_000,
    totalTimeout = 900_000,
  } = options;
  const agent = new Agent({
    connect: { timeout: connectTimeout, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    headersTimeout: answerTimeout,
    // does not run while the body is paused, so a slow bus does not look like a slow server
    bodyTimeout: answerTimeout,
    maxHeaderSize: MOST_HEADER_BYTES,
    // one list a connection: nothing to gain, and flow control stays the kernel's
    allowH2: false,
    keepAliveTimeout: 4000,
    connections: 8,
  });

  async function send(hop: Hop, wanted: FetchRequest, budget: TimeBudget): Promise<Dispatcher.ResponseData> {
    const { validators = {} } = wanted;
    try {
      return await budget.spend(() =>
        request(hop.url, {
          dispatcher: agent,
          method: 'GET',
          signal: budget.signal,
          headers: {
            'user-agent': userAgent,
            accept: wanted.accept ?? '*/*',
            'accept-encoding': 'gzip, deflate, br, zstd',
            ...(validators.etag === undefined ? {} : { 'if-none-match': validators.etag }),
            ...(validators.lastModified === undefined ? {} : { 'if-modified-since': validators.lastModified }),
            ...hop.credentials,
          },
        }),
      );
    } catch (error) {
      throw asFetchError(error, hop, budget);
    }
  }

  return {
    async get(wanted) {
      const budget = createTimeBudget(totalTimeout, wanted.signal);
      let hop = firstHop(wanted.url, wanted.headers ?? {});
      for (let redirects = 0; ; redirects += 1) {
        const response = await send(hop, wanted, budget);
        // without a listener an error after the body was left would end the process
        response.body.on('error', () => {});
        const headers = plainHeaders(response.headers);
        const status = response.statusCode;
        const asked = wanted.validators?.etag ?? wanted.validators?.lastModified;
        if (status === 304 && asked !== undefined) {
          await leave(response);
          return { kind: 'unchanged' };
        }
        if (isRedirect(status)) {
          await leave(response);
          if (redirects === MOST_REDIRECTS) {
            throw new FetchError('FEED_REDIRECT', `more than ${MOST_REDIRECTS} redirects; check the URL`, {
              retryable: true,
            });
          }
          hop = nextHop(hop, headers.location);
          continue;
        }
        const bytes = readBody(response, hop, headers, wanted, budget);
        if (status !== 200 && status !== 203 && status !== 204) {
          const refusal: Refusal = { status, headers, body: await firstText(bytes) };
          throw refused(nameOf(hop.url), refusal, parseRetryAfter(headers['retry-after'], Date.now()));
        }
        const { etag, 'last-modified': lastModified } = headers;
        return {
          kind: 'list',
          bytes,
          contentType: headers['content-type'] ?? '',
          headers,
          validators: {
            ...(etag === undefined ? {} : { etag }),
            ...(lastModified === undefined ? {} : { lastModified }),
          },
        };
      }
    },
    close: () => agent.close(),
  };
}

async function* readBody(
  response: Dispatcher.ResponseData,
  hop: Hop,
  headers: Readonly<Record<string, string>>,
  wanted: FetchRequest,
  budget: TimeBudget,
): AsyncGenerator<Buffer> {
  const where = nameOf(hop.url);
  async function* raw(): AsyncGenerator<Buffer> {
    const chunks = response.body[Symbol.asyncIterator]();
    for (;;) {
      const next = await budget.spend(() => chunks.next());
      if (next.done === true) return;
      yield next.value as Buffer;
    }
  }
  try {
    yield* decode(raw(), { where, encoding: headers['content-encoding'] ?? '', maxBytes: wanted.maxBytes });
  } catch (error) {
    throw asFetchError(error, hop, budget);
  } finally {
    response.body.destroy();
  }
}

function asFetchError(error: unknown, hop: Hop, budget: TimeBudget): TiplineError {
  const where = nameOf(hop.url);
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
