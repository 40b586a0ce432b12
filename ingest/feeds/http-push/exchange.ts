import type { IncomingMessage, ServerResponse } from 'node:http';
import { codeOf } from '../../../core/process/errors.ts';
import { decode } from '../../fetch/decode.ts';

/** One request and its answer, whatever it is about. */
export interface Reply {
  status: number;
  body: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string>>;
}

const LINGER_MS = 5000;

export const AWAY: Reply = {
  status: 503,
  body: { error: 'the records are not on the bus now; send the request again, whatever arrives twice does no harm' },
  headers: { 'retry-after': '10' },
};
export const TOO_MANY: Reply = {
  status: 429,
  body: { error: 'too many requests at once; wait for answers, or send more records with each' },
  headers: { 'retry-after': '1' },
};

export function refuse(status: number, error: string): Reply {
  return { status, body: { error } };
}

export function tooLarge(most: number): Reply {
  return refuse(413, `a body may have ${Math.floor(most / 1024)} KB; send the records in several requests`);
}

export function send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Reply): void {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers });
  response.end(`${JSON.stringify(body)}\n`);
  if (request.complete) return;
  // cut off while it is sending, a client would never read what it was answered; so the rest is read past, for a while
  request.resume();
  const timer = setTimeout(() => request.destroy(), LINGER_MS).unref();
  request.once('close', () => clearTimeout(timer));
}

/** The body, decompressed, or what to answer instead. Rejects when the client is gone. */
export async function readBody(request: IncomingMessage, most: number): Promise<Buffer | Reply> {
  const encoding = request.headers['content-encoding'] ?? '';
  const chunks: Buffer[] = [];
  try {
    // left early it must stay open: its client is still to be answered
    const received = request.iterator({ destroyOnReturn: false });
    for await (const chunk of decode(received, { where: 'the client', encoding, maxBytes: most })) chunks.push(chunk);
    return Buffer.concat(chunks);
  } catch (error) {
    // without an answer: there is nobody left to read it
    if (request.destroyed && !request.complete) throw error;
    switch (codeOf(error)) {
      case 'FEED_TOO_LARGE':
        return tooLarge(most);
      case 'FEED_EXPANDS':
        return refuse(413, 'the body expands to more than a hundred times its size');
      case 'FEED_ENCODING':
        return refuse(415, 'send the body as it is, or in gzip');
      default:
        return refuse(400, 'the compressed body is damaged');
    }
  }
}
