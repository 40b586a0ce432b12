import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A question to a server, whole. */
export interface Asked {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Given {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** Has it some of what the source says? */
  page: boolean;
}

/** A server on loopback of which an answer can be held in its middle, until whoever asked is dead. */
export interface Gate {
  readonly url: string;
  /** Questions, and pages that were given whole. */
  readonly asked: number;
  readonly pages: number;
  /** Holds each page from the `nth` on; resolves when half of it is out. */
  hold(nth: number): Promise<void>;
  /** Gives answers whole again. */
  release(): void;
  close(): void;
}

export async function openGate(answer: (asked: Asked) => Given | Promise<Given>): Promise<Gate> {
  let [asked, pages, ahead] = [0, 0, Number.POSITIVE_INFINITY];
  let held = Promise.withResolvers<void>();

  const server = createServer(async (question, response) => {
    asked += 1;
    const body = await textOf(question);
    const { method = '', url = '', headers } = question;
    const given = await answer({ method, url, headers, body });
    if (response.destroyed) return;
    const bytes = Buffer.from(given.body);
    response.writeHead(given.status, {
      ...given.headers,
      ...(given.status === 304 ? {} : { 'content-length': String(bytes.length) }),
    });
    if (given.page) ahead -= 1;
    if (given.page && ahead <= 0) {
      response.write(bytes.subarray(0, bytes.length >> 1), () => held.resolve());
      return;
    }
    if (given.page) pages += 1;
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get asked() {
      return asked;
    },
    get pages() {
      return pages;
    },
    hold(nth) {
      ahead = nth;
      held = Promise.withResolvers<void>();
      return held.promise;
    },
    release() {
      ahead = Number.POSITIVE_INFINITY;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Hands questions on to a server that knows its protocol. */
export function passOn(
  origin: string,
  isPage: (asked: Asked, given: Given) => boolean,
): (asked: Asked) => Promise<Given> {
  return async (asked) => {
    const { method, url, headers, body } = asked;
    const sent = request(new URL(url, origin), { method, headers, agent: false });
    sent.end(body);
    const [answer] = (await once(sent, 'response')) as [IncomingMessage];
    const { 'transfer-encoding': _, connection: _connection, ...rest } = answer.headers;
    const given: Given = { status: answer.statusCode ?? 0, headers: rest, body: await textOf(answer), page: false };
    return { ...given, page: isPage(asked, given) };
  };
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of message) chunks.push(chunk as Buffer);
  } catch {
    // whoever asked was killed while it asked
  }
  return Buffer.concat(chunks).toString();
}
