import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

export interface Web {
  url: string;
  /** What was asked, in order. */
  requests: IncomingMessage[];
  /** Answers from now on. */
  answer: Answer;
}

/** A web server on loopback that ends with the test. */
export async function openWeb(t: TestContext, answer: Answer): Promise<Web> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    web.answer(request, response);
  });
  const web: Web = { url: await listening(t, server), requests, answer };
  return web;
}

export async function listening(t: TestContext, server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers with a text. */
export function text(body: string | Buffer, headers: Record<string, string> = {}): Answer {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'text/plain', ...headers });
    response.end(body);
  };
}

export function status(code: number, headers: Record<string, string> = {}, body = ''): Answer {
  return (_, response) => {
    response.writeHead(code, headers);
    response.end(body);
  };
}
