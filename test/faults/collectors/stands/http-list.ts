import type { Stand, Told } from '../stand.ts';
import { domain, hash, ip, url as urlOf } from '../values.ts';
import { linesOf, listStand } from './list.ts';

const KEY = 'list-s3cret';

interface Shape {
  format: string;
  make: (number: number) => Told;
  settings?: Readonly<Record<string, unknown>>;
  contentType?: string;
  body(told: readonly Told[]): string;
}

const SHAPES: readonly Shape[] = [
  {
    format: 'lines',
    make: ip,
    body: (told) => `# addresses\n${linesOf(told, (value) => value)}`,
  },
  {
    format: 'csv',
    make: domain,
    settings: { columns: { indicator: 'host', tags: 'tag' }, indicator_type: 'domain' },
    contentType: 'text/csv',
    body: (told) => `tag,host,seen\n${linesOf(told, (value) => `"a, b",${value},2026-01-01`)}`,
  },
  {
    format: 'tsv',
    make: ip,
    settings: {
      columns: { indicator: 1 },
      confidence: {
        column: 2,
        map: [
          [1, 30],
          [3, 70],
        ],
      },
    },
    body: (told) => `# count\n${linesOf(told, (value, index) => `${value}\t${(index % 5) + 1}`)}`,
  },
  {
    format: 'json',
    make: (number) => hash('sha256', number),
    settings: { columns: { indicator: 'data[].sha256' } },
    contentType: 'application/json',
    body: (told) => JSON.stringify({ count: told.length, data: told.map(({ value }) => ({ sha256: value })) }),
  },
  {
    format: 'ndjson',
    make: urlOf,
    settings: { columns: { indicator: 'url' } },
    contentType: 'application/x-ndjson',
    body: (told) => linesOf(told, (value) => JSON.stringify({ url: value })),
  },
];

export const HTTP_LISTS: readonly Stand[] = SHAPES.map(({ format, make, settings = {}, contentType, body }) =>
  listStand({
    name: `http-list ${format}`,
    path: `/${format}`,
    section: (url) => ({ type: 'http-list', url, format, headers: { 'X-Key': KEY }, max_size: '2mb', ...settings }),
    secrets: [KEY],
    make,
    body,
    ...(contentType === undefined ? {} : { contentType }),
  }),
);
