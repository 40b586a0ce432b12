import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { bomb } from './bombs.ts';
import { csvDump } from './csv.ts';
import type { Document } from './document.ts';
import { mispEvent } from './misp.ts';
import { stix2Bundle } from './stix2.ts';
import { taxii1Poll } from './taxii1.ts';

/**
 * The server that all feeds of this bench read: documents that are made while they are sent, at `/misp?size=BYTES` and so on, bombs, and a small list
 * that tells how often it was asked for. In a process of its own, so that its memory and time are not the subject's.
 */
const DOCUMENTS: Readonly<Record<string, (size: number) => Document>> = {
  misp: mispEvent,
  stix2: stix2Bundle,
  taxii1: taxii1Poll,
  csv: csvDump,
};

const BOMBS = { 'bomb-once': bomb(4, false), 'bomb-twice': bomb(30, true) } as const;
const asked = new Map<string, number>();
const firstAsked = new Map<string, number>();

/** What the parent may ask for. */
export type SourceOrder =
  | { document: string; size: number }
  /** How often. */
  | { asked: string }
  /** How many seconds ago it was asked for first. */
  | { since: string };
export interface DocumentFacts {
  records: number;
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const name = pathname.slice(1);
  asked.set(name, (asked.get(name) ?? 0) + 1);
  if (!firstAsked.has(name)) firstAsked.set(name, performance.now());
  request.resume();
  const make = DOCUMENTS[name];
  if (make !== undefined) {
    const document = make(Number(searchParams.get('size')));
    const taxii = name === 'taxii1' ? { 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.1' } : {};
    response.writeHead(200, { 'content-type': document.contentType, ...taxii });
    await pipeline(Readable.from(document.pieces(), { objectMode: false }), response);
  } else if (name === 'bomb-once' || name === 'bomb-twice') {
    response.writeHead(200, { 'content-type': 'text/plain', 'content-encoding': 'gzip' });
    response.end(BOMBS[name].packed);
  } else {
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.end(Array.from({ length: 1000 }, (_, n) => `neighbour-${n}.example\n`).join(''));
  }
}

const server = createServer((request, response) => {
  answer(request, response).catch((error: unknown) => {
    console.error(error);
    response.destroy();
  });
});

process.on('message', (order: SourceOrder) => {
  if ('asked' in order) {
    process.send?.(asked.get(order.asked) ?? 0);
    return;
  }
  if ('since' in order) {
    process.send?.((performance.now() - (firstAsked.get(order.since) ?? Number.NaN)) / 1000);
    return;
  }
  const document = DOCUMENTS[order.document]?.(order.size);
  const facts: DocumentFacts = { records: document?.records ?? 0 };
  process.send?.(facts);
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
