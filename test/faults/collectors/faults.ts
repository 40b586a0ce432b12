import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What a server of ours can be like for good. Most are a matter of its protocol, and its stand does them. */
const LASTING_FAULTS = [
  'more-without-next',
  'empty-page-with-more',
  'no-date-headers',
  'partial-content',
  'same-timestamp',
  'expired-next',
  'slash-redirect',
  'wrong-content-type',
] as const;

/** What a server of ours can do wrong in passing: it strikes once, and then the server does as it should. */
export const PASSING_FAULTS = [
  'rate-limited-seconds',
  'rate-limited-date',
  'unavailable',
  'error-on-page-3',
  'truncated-gzip',
  'slow-drip',
  'endless-body',
  'gzip-bomb',
  'html-login',
  'other-origin-redirect',
  'unasked-206',
  'unasked-304',
  'cut-short',
  'third-of-a-body',
  'reset',
  'empty-200',
] as const;

export const FAULTS = ['none', ...LASTING_FAULTS, ...PASSING_FAULTS] as const;

export type Fault = (typeof FAULTS)[number];

/** What a server means to say. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
  /** Which page with content it is, from 1, over all polls; without it the answer is none that a fault strikes. */
  page?: number;
}

export interface Seen {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface FaultServer {
  /** Where a feed begins. */
  readonly url: string;
  /** What was asked, in order. */
  readonly requests: readonly Seen[];
  /** What came to another origin, to which this one sent on. */
  readonly strangers: readonly Seen[];
  /** How often the fault struck. */
  readonly struck: number;
  close(): Promise<void>;
}

/** Seconds that a server with enough of it asks to be left alone. */
export const ASKED_WAIT_SECONDS = 120;

const LOGIN_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action="/login"></form></body></html>';
const SPACES = ' '.repeat(64 * 1024);
/** White space is nothing in most formats, so that only its length is wrong with it. */
const BOMB = gzipSync(Buffer.alloc(16 * 1024 ** 2, ' '));

/**
 * A server on loopback that answers what `answer` says, and does it as the fault has it. Faults that pass strike on the second page, but for
 * those that need another one, once. `now` is the moment that a date in Retry-After counts from.
 */
export async function openFaultServer(
  fault: Fault,
  answer: (seen: Seen) => Reply,
  now: () => number = Date.now,
): Promise<FaultServer> {
  const requests: Seen[] = [];
  const strangers: Seen[] = [];
  let struck = 0;

  const other = createServer(async (request, response) => {
    strangers.push(await seenOf(request));
    // it knows nobody, least of all whoever has no credentials
    response.writeHead(401, { 'content-type': 'text/html' });
    response.end(LOGIN_PAGE);
  });
  const otherUrl = await listening(other);

  const server = createServer(async (request, response) => {
    const seen = await seenOf(request);
    requests.push(seen);
    if (fault === 'slash-redirect' && !seen.url.includes('slashed=1')) {
      // a server that wants its addresses written another way, as with or without a slash at the end
      struck += 1;
      response.writeHead(308, { location: `${seen.url}${seen.url.includes('?') ? '&' : '?'}slashed=1` });
      response.end();
      return;
    }
    const reply = answer(seen);
    const isPage = reply.page !== undefined;
    if (isPage && struck === 0 && strikes(fault, seen, reply)) {
      struck += 1;
      misbehave(fault, response, reply, { otherUrl, now });
      return;
    }
    // its own clock, unless it has none
    reply.headers.date ??= new Date(now()).toUTCString();
    if (isPage && fault === 'no-date-headers') {
      struck += 1;
      response.sendDate = false;
      for (const name of ['date', 'etag', 'last-modified']) delete reply.headers[name];
    }
    if (isPage && fault === 'wrong-content-type') {
      struck += 1;
      reply.headers['content-type'] = 'application/x-unheard-of';
    }
    response.writeHead(reply.status, reply.headers);
    response.end(reply.body);
  });

  return {
    url: await listening(server),
    requests,
    strangers,
    get struck() {
      return struck;
    },
    async close() {
      for (const each of [server, other]) {
        each.closeAllConnections();
        each.close();
      }
    },
  };
}

const PASSING: ReadonlySet<Fault> = new Set(PASSING_FAULTS);

function strikes(fault: Fault, { headers }: Seen, { page }: Reply): boolean {
  if (!PASSING.has(fault)) return false;
  // to whoever asks on a condition it would be a plain answer
  if (fault === 'unasked-304') return (headers['if-none-match'] ?? headers['if-modified-since']) === undefined;
  return page === (fault === 'error-on-page-3' ? 3 : 2);
}

function misbehave(
  fault: Fault,
  response: ServerResponse,
  reply: Reply,
  { otherUrl, now }: { otherUrl: string; now: () => number },
): void {
  const body = Buffer.from(reply.body);
  const half = body.subarray(0, body.length >> 1);
  const { status, headers } = reply;
  switch (fault) {
    case 'rate-limited-seconds':
      refuse(response, 429, { 'retry-after': String(ASKED_WAIT_SECONDS) });
      return;
    case 'rate-limited-date':
      refuse(response, 429, { 'retry-after': new Date(now() + ASKED_WAIT_SECONDS * 1000).toUTCString() });
      return;
    case 'unavailable':
      refuse(response, 503, { 'retry-after': String(ASKED_WAIT_SECONDS) });
      return;
    case 'error-on-page-3':
      refuse(response, 500, {});
      return;
    case 'truncated-gzip': {
      const whole = gzipSync(body);
      response.writeHead(status, { ...headers, 'content-encoding': 'gzip' });
      response.end(whole.subarray(0, whole.length >> 1));
      return;
    }
    case 'slow-drip':
      response.writeHead(status, headers);
      drip(response, body);
      return;
    case 'endless-body':
      response.writeHead(status, headers);
      // as it begins, and then white space, which is nothing in JSON and XML alike
      response.write(body.subarray(0, 1));
      pour(response);
      return;
    case 'gzip-bomb':
      response.writeHead(200, { 'content-type': 'application/octet-stream' });
      response.end(BOMB);
      return;
    case 'html-login':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(LOGIN_PAGE);
      return;
    case 'other-origin-redirect':
      response.writeHead(307, { location: `${otherUrl}/elsewhere` });
      response.end();
      return;
    case 'unasked-206':
      response.writeHead(206, { ...headers, 'content-range': `bytes 0-${half.length - 1}/${body.length}` });
      response.end(half);
      return;
    case 'unasked-304':
      response.writeHead(304);
      response.end();
      return;
    case 'cut-short':
      response.writeHead(status, { ...headers, 'content-length': String(body.length) });
      response.write(half, () => response.socket?.end());
      return;
    case 'third-of-a-body':
      // as of a server that failed while it wrote its file: nothing in the framing tells
      response.writeHead(status, headers);
      response.end(body.subarray(0, body.length / 3));
      return;
    case 'reset':
      response.writeHead(status, headers);
      response.write(half, () => response.socket?.resetAndDestroy());
      return;
    case 'empty-200':
      response.writeHead(200, { ...headers, 'content-length': '0' });
      response.end();
      return;
    default:
      throw new Error(`${fault} is none that passes`);
  }
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'text/html', ...headers });
  response.end('<html><body>not now</body></html>');
}

function drip(response: ServerResponse, body: Buffer): void {
  let at = 0;
  const timer = setInterval(() => {
    response.write(body.subarray(at, at + 1).length === 0 ? ' ' : body.subarray(at, at + 1));
    at += 1;
  }, 10);
  response.on('close', () => clearInterval(timer));
}

function pour(response: ServerResponse): void {
  const more = (): void => {
    while (!response.destroyed && response.write(SPACES));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
}

async function listening(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function seenOf(request: IncomingMessage): Promise<Seen> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { method = '', url = '', headers } = request;
  return { method, url, headers, body: Buffer.concat(chunks).toString() };
}
