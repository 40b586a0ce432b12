import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig } from '../../../core/process/config/load.ts';
import { configSchema } from '../../../core/process/config/sections.ts';
import { parseYaml } from '../../../core/process/config/yaml-file.ts';
import { parseDuration } from '../../../core/process/duration.ts';
import { readCatalogue, useEntry } from '../../../ingest/catalogue.ts';
import { parseFeed } from '../../../ingest/feeds/index.ts';
import { commonKeys, rhythmKeys } from '../../../ingest/settings.ts';
import { keysOf } from './zod-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-docs-'));
after(() => rmSync(folder, { recursive: true }));
const text = readFileSync('docs/configuration.md', 'utf8');
const catalogue = readCatalogue('rules/feeds.yaml');

interface Row {
  key: string;
  meaning: string;
  standard: string;
}

/** Rows of the table under a heading; up to the next heading. */
function rowsUnder(heading: string): Row[] {
  const start = text.indexOf(`\n${heading}\n`);
  assert.notEqual(start, -1, `docs/configuration.md has no heading "${heading}"`);
  const rest = text.slice(start + heading.length + 2);
  const [section = ''] = rest.split(/\n#{2,3} /);
  return [...section.matchAll(/^\| `([^`|]+)` \|(.*)\|(.*)\|$/gm)].map(([, key = '', meaning = '', standard = '']) => ({
    key,
    meaning: meaning.trim(),
    standard: standard.trim(),
  }));
}

const TOP = [
  '## Top level',
  '## Bus',
  '## Store',
  '## Enrichment',
  '## Alerting',
  '## Responder',
  '## Retention',
  '## Health and metrics',
];
const top = TOP.flatMap(rowsUnder);

/** Sections are explained by their keys; a key that is a section and can be a plain value too has a row of its own. */
function withoutSections(keys: readonly string[]): string[] {
  return keys.filter((key) => !keys.some((other) => other.startsWith(`${key}.`)));
}

function documented(rows: readonly Row[]): Set<string> {
  return new Set(rows.map(({ key }) => key));
}

describe('docs/configuration.md', () => {
  const keys = keysOf(configSchema).filter((key) => !key.startsWith('feeds'));

  it('names every key of the configuration', () => {
    const known = documented(top);
    assert.deepEqual(
      withoutSections(keys).filter((key) => !known.has(key)),
      [],
    );
    for (const section of Object.keys(configSchema.shape)) assert.ok(text.includes(`\`${section}\``), section);
  });

  it('names no key that there is not', () => {
    assert.deepEqual(
      top.map(({ key }) => key).filter((key) => !keys.includes(key)),
      [],
    );
  });

  it('names every key that all feeds have, and the rhythm of those that fetch', () => {
    const keysOfFeeds = Object.keys({ ...commonKeys, ...rhythmKeys });
    assert.deepEqual([...documented(rowsUnder('## Feeds'))].toSorted(), keysOfFeeds.toSorted());
  });

  it('gives the defaults as they are', () => {
    const kafka = configSchema.parse({ bus: { kind: 'kafka', brokers: ['a:1'] }, store: { kind: 'embedded' } });
    const elastic = configSchema.parse({ store: { kind: 'elasticsearch', nodes: ['https://es'] } });
    const real = {
      ...configSchema.parse({}),
      bus: { ...kafka.bus, kind: 'embedded' },
      store: { ...elastic.store, kind: 'embedded' },
    };
    compare(top, real);
    const parsed = parseFeed({ name: 'x', type: 'http-list', url: 'https://example.org/' });
    assert.ok(parsed.ok);
    compare(rowsUnder('## Feeds'), parsed.feed.settings);
  });

  it('gives examples that work', () => {
    const examples = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example = '']) => example);
    assert.ok(examples.length >= 5);
    const path = join(folder, 'tipline.yaml');
    const environment = Object.fromEntries(
      [...text.matchAll(/\$\{([A-Z][A-Z_]+)\}/g)].map(([, name = '']) => [name, 'x']),
    );
    writeFileSync(join(folder, 'secret'), 'k');
    for (const example of examples) {
      writeFileSync(path, example.replace('/run/secrets/es_api_key', 'secret'));
      for (const feed of loadConfig(path, environment).config.feeds) {
        const used = 'use' in feed ? useEntry(feed, catalogue) : ({ ok: true, section: feed } as const);
        assert.ok(used.ok, example);
        const parsed = parseFeed(used.section);
        assert.deepEqual(parsed.ok ? [] : parsed.issues, []);
      }
    }
  });
});

/** A default that is told in code marks must be what the schema gives; one that is told in words is not compared. */
function compare(rows: readonly Row[], real: unknown): void {
  let compared = 0;
  for (const { key, standard } of rows) {
    const told = /^`([^`]*)`$/.exec(standard)?.[1];
    if (told === undefined) continue;
    const value = key
      .split('.')
      .reduce<unknown>((node, name) => (node as Record<string, unknown> | undefined)?.[name], real);
    const readings = [parseYaml(key, `x: ${told}`).value as { x: unknown }].map(({ x }) => x);
    const bytes = /^(\d+)(kb|mb|gb)$/.exec(told);
    if (bytes !== null)
      readings.push(Number(bytes[1]) * { kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }[bytes[2] as 'kb' | 'mb' | 'gb']);
    const ms = parseDuration(told);
    if (ms !== undefined) readings.push(ms);
    assert.ok(
      readings.some((reading) => JSON.stringify(reading) === JSON.stringify(value)),
      `${key}: the document says ${told}, it is ${JSON.stringify(value)}`,
    );
    compared += 1;
  }
  assert.ok(compared > 0);
}
