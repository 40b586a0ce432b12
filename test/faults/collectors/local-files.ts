import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { openLab } from '../../ingest/lab.ts';
import { stixBlocks } from './taxii1-server.ts';
import { stixIndicators } from './taxii2-server.ts';

/** What can be wrong with a file when it is first looked at; it is mended then. */
export const FILE_FAULTS = [
  'none',
  'truncated',
  'html',
  'gzip cut off',
  'NUL bytes',
  'UTF-16',
  'endless line',
  'empty',
  'replaced while read',
  'crash',
] as const;
export type FileFault = (typeof FILE_FAULTS)[number];

export interface FileStand {
  name: string;
  section(folder: string): Record<string, unknown>;
  /** A document that names the addresses 198.51.100.0 and on, from `first`. */
  content(count: number, first: number): string;
  /** The name of a file. */
  ending: string;
}

const address = (number: number): string => `198.51.${100 + (number >> 8)}.${number & 255}`;
const numbers = (count: number, first: number): number[] => Array.from({ length: count }, (_, index) => first + index);
const UUID = '8e2e2d2b-17d4-4cbf-938f-';

export const FILE_STANDS: readonly FileStand[] = [
  {
    name: 'file, lines',
    section: (folder) => ({ type: 'file', path: join(folder, '*.jsonl') }),
    content: (count, first) =>
      numbers(count, first)
        .map((number) => `${JSON.stringify({ indicator: address(number) })}\n`)
        .join(''),
    ending: 'jsonl',
  },
  {
    name: 'file, document',
    section: (folder) => ({ type: 'file', path: join(folder, '*.json'), max_size: '1mb' }),
    content: (count, first) => JSON.stringify(numbers(count, first).map((number) => ({ indicator: address(number) }))),
    ending: 'json',
  },
  {
    name: 'directory',
    section: (folder) => ({ type: 'directory', path: folder, settle: '1s', max_size: '2mb' }),
    content: (count, first) =>
      `ip,x\n${numbers(count, first)
        .map((number) => `${address(number)},1\n`)
        .join('')}`,
    ending: 'csv',
  },
  {
    name: 'stix-file, STIX 2',
    section: (folder) => ({ type: 'stix-file', path: join(folder, '*.json'), max_size: '2mb' }),
    content: (count, first) =>
      JSON.stringify({ type: 'bundle', id: `bundle--${UUID}98ee46b3cd3f`, objects: stixIndicators(count, first) }),
    ending: 'json',
  },
  {
    name: 'stix-file, STIX 1',
    section: (folder) => ({ type: 'stix-file', path: join(folder, '*.xml'), max_size: '2mb' }),
    content: (count, first) => {
      const [head = '', tail = ''] = (stixBlocks(1)[0]?.content ?? '').split(
        /<stix:Indicator [\s\S]*<\/stix:Indicator>/,
      );
      const inside = stixBlocks(count, first).map(({ content }) =>
        /<stix:Indicator [\s\S]*<\/stix:Indicator>/.exec(content),
      );
      return `${head}${inside.map((match) => match?.[0]).join('\n')}${tail}`;
    },
    ending: 'xml',
  },
  {
    name: 'misp-file',
    section: (folder) => ({ type: 'misp-file', path: join(folder, '*.json'), max_size: '2mb' }),
    content: (count, first) =>
      JSON.stringify({
        Event: {
          uuid: `${UUID}${String(first).padStart(12, '0')}`,
          info: 'x',
          Attribute: numbers(count, first).map((number) => ({
            uuid: `${UUID}${String(number).padStart(12, '1')}`,
            type: 'ip-dst',
            category: 'Network activity',
            value: address(number),
            to_ids: true,
            timestamp: '1700000000',
          })),
        },
      }),
    ending: 'json',
  },
];

export interface LocalCell {
  feed: string;
  fault: string;
  /** How it was told: a code, a status, a word of the log; empty when it was no matter. */
  told: string[];
  delivered: number;
  complaints: string[];
}

const COUNT = 40;
/** More than a page. */
const LONG = 1500;

/** Looks at a folder with one file that is bad and one that is not, and again when the bad one is mended. */
export async function runFileCell(t: TestContext, stand: FileStand, fault: FileFault): Promise<LocalCell> {
  const lab = openLab(t);
  const folder = mkdtempSync(join(tmpdir(), 'tipline-local-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const section = { name: 'local', look_every: '20ms', ...stand.section(folder) };
  const bad = join(folder, `a.${stand.ending}`);
  let written = 0;
  const write = (path: string, content: string | Buffer): void => {
    writeFileSync(path, content);
    // long enough ago that nobody is still writing, and each time another moment
    written += 1;
    const at = new Date(Date.now() - 60_000 + written * 1000);
    utimesSync(path, at, at);
  };
  const isLong = fault === 'replaced while read' || fault === 'crash';
  const whole = stand.content(isLong ? LONG : COUNT, 0);
  write(bad, damaged(whole, fault));
  write(join(folder, `b.${stand.ending}`), stand.content(COUNT, 2000));

  const expected = new Set([...numbers(isLong ? LONG : COUNT, 0), ...numbers(COUNT, 2000)].map(address));
  let sends = 0;
  const bus: typeof lab.bus = {
    ...lab.bus,
    async publish(topic, records) {
      await lab.bus.publish(topic, records);
      sends += 1;
      if (sends > 1) return;
      if (fault === 'crash') throw new Error('the process dies here');
      if (fault !== 'replaced while read') return;
      write(join(folder, 'new'), stand.content(COUNT, 3000));
      renameSync(join(folder, 'new'), bad);
      for (const number of numbers(COUNT, 3000)) expected.add(address(number));
    },
  };
  const report = await lab.once([section], { bus }).catch((error: unknown) => {
    if (fault !== 'crash') throw error;
    return undefined;
  });
  const told = [
    ...(report?.failedFeeds ?? []).map(({ code }) => code),
    ...lab.logged.filter(({ level }) => level === 'warn').map(() => 'warned'),
    ...lab.bus.values().flatMap(({ unreadable }) => (unreadable === undefined ? [] : ['dead letter'])),
    ...(report === undefined ? ['died'] : []),
  ];
  const complaints: string[] = [];
  const arrived = (): Set<string> =>
    new Set(lab.bus.values().flatMap(({ indicator }) => (indicator === undefined ? [] : [String(indicator)])));
  const first = arrived();
  const lacking = [...expected].filter((each) => !first.has(each));
  // a file without a line says nothing wrong, and one that comes meanwhile is for the next look
  const says = fault !== 'empty' && fault !== 'replaced while read';
  if (says && lacking.length > 0 && told.length === 0)
    complaints.push(`not told, and missing: ${lacking.slice(0, 10).join()}`);
  const neighbour = numbers(COUNT, 2000).map(address);
  if (fault !== 'crash' && !neighbour.every((each) => first.has(each)))
    complaints.push('the file beside it was held up');
  if (fault !== 'none' && !isLong) write(bad, whole);
  for (let looks = 0; looks < 2; looks += 1) {
    const { failedFeeds } = await lab.once([section]);
    for (const { code, message } of failedFeeds) complaints.push(`mended, it fails: ${code} ${message}`);
  }
  const last = arrived();
  const missing = [...expected].filter((each) => !last.has(each));
  if (missing.length > 0) complaints.push(`missing: ${missing.slice(0, 10).join()}`);
  const invented = [...last].filter((each) => !expected.has(each));
  if (invented.length > 0) complaints.push(`invented: ${invented.slice(0, 10).join()}`);
  return { feed: stand.name, fault, told: [...new Set(told)].sort(), delivered: lab.bus.records.length, complaints };
}

function damaged(whole: string, fault: FileFault): string | Buffer {
  switch (fault) {
    case 'truncated':
      return whole.slice(0, Math.floor(whole.length * 0.6) + 7);
    case 'html':
      return '<!DOCTYPE html>\n<html><head><title>Log in</title></head><body><form></form></body></html>\n';
    case 'gzip cut off': {
      const packed = gzipSync(whole);
      return packed.subarray(0, packed.length >> 1);
    }
    case 'NUL bytes':
      // as a file system leaves them where a crash ate the blocks
      return Buffer.concat([Buffer.from(whole.slice(0, whole.length >> 1)), Buffer.alloc(5000)]);
    case 'UTF-16':
      return Buffer.from(`\ufeff${whole}`, 'utf16le');
    case 'endless line':
      return 'x'.repeat(3 * 1024 ** 2);
    case 'empty':
      return '';
    default:
      return whole;
  }
}
