import { StringDecoder } from 'node:string_decoder';
import { JSONParser } from '@streamparser/json';
import { parse } from 'csv-parse';
import { SaxesParser } from 'saxes';
import { request } from 'undici';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { openFormat } from '../../ingest/formats/known.ts';
import { createStix1Reader } from '../../ingest/formats/stix1/reader.ts';
import { readMessage } from '../../ingest/formats/taxii1/reader.ts';
import { createTally } from '../../ingest/tally.ts';

/**
 * Reads one stream in a process of its own, started with the flags of the command: with tipline's reader of the format and nothing behind it,
 * or with the bare library that a quick script would use, which checks nothing and keeps nothing.
 */
type Bytes = AsyncIterable<Buffer>;
type Reading = (bytes: Bytes) => Promise<number>;

export interface ReadingCost {
  /** Bytes and records, or whatever the library gives out instead. */
  bytes: number;
  count: number;
  seconds: number;
  cpu: number;
  rss: number;
}

const CSV_COLUMNS = { indicator: 3, type: 4, confidence: 7, reference: 8, tags: 9, first_seen: 1 };

/** What the CSV feed of the bench is configured with as well. */
export const CSV_SETTINGS = { columns: CSV_COLUMNS, delimiter: ',' };

const OURS: Readonly<Record<string, Reading>> = {
  misp: (bytes) => counted(openFormat('misp', {})(bytes, createTally())),
  stix2: (bytes) => counted(openFormat('stix2', {})(bytes, createTally())),
  csv: (bytes) => counted(openFormat('csv', CSV_SETTINGS)(bytes, createTally())),
  async taxii1(bytes) {
    const tally = createTally();
    const stix = createStix1Reader({}, tally);
    let count = await counted(readMessage(bytes, { stix, tally }));
    stix.end();
    for (let records = stix.take(); records.length > 0; records = stix.take()) count += records.length;
    stix.release();
    return count;
  },
};

const BARE: Readonly<Record<string, Reading>> = {
  misp: (bytes) => bareJson(bytes, ['$.Event.Attribute.*', '$.Event.Object.*']),
  stix2: (bytes) => bareJson(bytes, ['$.objects.*']),
  csv: bareCsv,
  taxii1: bareXml,
};

async function counted(batches: AsyncIterable<readonly RawIndicator[]>): Promise<number> {
  let count = 0;
  for await (const batch of batches) count += batch.length;
  return count;
}

async function bareJson(bytes: Bytes, paths: string[]): Promise<number> {
  const parser = new JSONParser({ paths, keepStack: false });
  let count = 0;
  parser.onValue = () => {
    count += 1;
  };
  for await (const chunk of bytes) parser.write(chunk);
  return count;
}

async function bareXml(bytes: Bytes): Promise<number> {
  const parser = new SaxesParser({ xmlns: false });
  const decoder = new StringDecoder('utf8');
  let count = 0;
  parser.on('opentag', () => {
    count += 1;
  });
  parser.on('text', () => {});
  parser.on('closetag', () => {});
  for await (const chunk of bytes) parser.write(decoder.write(chunk));
  parser.close();
  return count;
}

async function bareCsv(bytes: Bytes): Promise<number> {
  const parser = parse({ comment: '#', ltrim: true });
  let count = 0;
  parser.on('readable', () => {
    while (parser.read() !== null) count += 1;
  });
  const ended = new Promise((resolve, reject) => {
    parser.once('end', resolve);
    parser.once('error', reject);
  });
  for await (const chunk of bytes)
    if (!parser.write(chunk)) await new Promise((resolve) => parser.once('drain', resolve));
  parser.end();
  await ended;
  return count;
}

async function main(): Promise<void> {
  const { URL: url = '', FORMAT: format = '', WITH: by = '' } = process.env;
  const read = (by === 'bare' ? BARE : OURS)[format];
  if (read === undefined) throw new Error(`nothing reads ${format}`);
  const answer = await request(url, {
    method: format === 'taxii1' ? 'POST' : 'GET',
    bodyTimeout: 0,
    headersTimeout: 60_000,
  });
  let size = 0;
  async function* bytes(): AsyncGenerator<Buffer> {
    for await (const chunk of answer.body) {
      size += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
  const from = process.cpuUsage();
  const started = performance.now();
  const count = await read(bytes());
  const { user, system } = process.cpuUsage(from);
  const cost: ReadingCost = {
    bytes: size,
    count,
    seconds: (performance.now() - started) / 1000,
    cpu: (user + system) / 1e6,
    rss: process.resourceUsage().maxRSS * 1024,
  };
  process.send?.(cost, () => process.exit(0));
}

if (process.send !== undefined) await main();
