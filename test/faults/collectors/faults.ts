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

/** What a server of ours can do wrong. Those of the second group pass: they strike once, and then the server does as it should. */
export const FAULTS = [
  'none',
  'more-without-next',
  'empty-page-with-more',
  'no-date-headers',
  'partial-content',
  'same-timestamp',
  'expired-next',
  'slash-redirect',
  'wrong-content-type',

  'rate-limited-seconds',
  'rate-limited-date',
  'error-on-page-3',
  'truncated-gzip',
  'slow-drip',
  'endless-body',
  'html-login',
  'other-origin-redirect',
] as const;

export type Fault = (typeof FAULTS)[number];

/** What a server means to say. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string;
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

const LOGIN_PAGE =
  '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form action="/login"></form></body></html>';
const SPACES = ' '.repeat(64 * 1024);

/**
 * A server on loopback that answers what `answer` says, and does it as the fault has it. `page` of a reply counts the pages with content, from
 * 1; faults that pass strike on the second page, or the third where their name says so, once.
 */
export async function openFaultServer(
  fault: Fault,
  answer: (seen: Seen) => Reply & { page?: number },
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
    const strikesAt = fault === 'error-on-page-3' ? 3 : 2;
    if (reply.page !== strikesAt || struck > 0 || !misbehave(fault, response, reply, otherUrl)) {
      response.writeHead(reply.status, reply.headers);
      response.end(reply.body);
    } else {
      struck += 1;
    }
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

/** False when the fault is none that strikes on a page. */
function misbehave(fault: Fault, response: ServerResponse, reply: Reply, otherUrl: string): boolean {
  switch (fault) {
    case 'rate-limited-seconds':
      refuse(response, 429, { 'retry-after': '120' });
      return true;
    case 'rate-limited-date':
      refuse(response, 503, { 'retry-after': new Date(Date.now() + 120_000).toUTCString() });
      return true;
    case 'error-on-page-3':
      refuse(response, 500, {});
      return true;
    case 'truncated-gzip': {
      const whole = gzipSync(reply.body);
      response.writeHead(reply.status, { ...reply.headers, 'content-encoding': 'gzip' });
      response.end(whole.subarray(0, whole.length >> 1));
      return true;
    }
    case 'slow-drip': {
      response.writeHead(reply.status, reply.headers);
      let at = 0;
      const drip = setInterval(() => {
        response.write(reply.body.charAt(at) || ' ');
        at += 1;
      }, 10);
      response.on('close', () => clearInterval(drip));
      return true;
    }
    case 'endless-body': {
      response.writeHead(reply.status, reply.headers);
      // as it begins, and then white space, which is nothing in JSON and XML alike
      response.write(reply.body.slice(0, 1));
      const more = (): void => {
        while (!response.destroyed && response.write(SPACES));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
      return true;
    }
    case 'html-login':
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(LOGIN_PAGE);
      return true;
    case 'other-origin-redirect':
      response.writeHead(307, { location: `${otherUrl}/elsewhere` });
      response.end();
      return true;
    default:
      return false;
  }
}

function refuse(response: ServerResponse, status: number, headers: Record<string, string>): void {
  response.writeHead(status, { 'content-type': 'text/html', ...headers });
  response.end('<html><body>not now</body></html>');
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
