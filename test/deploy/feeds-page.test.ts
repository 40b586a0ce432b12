import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadConfig } from '../../core/process/config/load.ts';
import { keyRows, sectionKeys } from '../../deploy/feed-schema.ts';
import { feedsPage, ownKeys } from '../../deploy/feeds-page.ts';
import { FEED_EXAMPLES } from '../../deploy/feeds-page-examples.ts';
import { readCatalogue, useEntry } from '../../ingest/catalogue.ts';
import type { ConfiguredFeed } from '../../ingest/feed.ts';
import { FEEDS, parseFeed } from '../../ingest/feeds/index.ts';
import { transportKeys } from '../../ingest/fetch/transport.ts';
import { LIST_FORMATS } from '../../ingest/formats/known.ts';
import { LIST_COLUMNS } from '../../ingest/formats/record.ts';
import { commonKeys, rhythmKeys } from '../../ingest/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-feeds-page-'));
after(() => rmSync(folder, { recursive: true }));

const catalogue = readCatalogue('rules/feeds.yaml');
const page = feedsPage(FEEDS, [...catalogue.values()]);

/** The feeds of an example, as the program itself would read them. */
function feedsOf(example: string): ConfiguredFeed[] {
  const path = join(folder, 'tipline.yaml');
  writeFileSync(path, example);
  const names = [...example.matchAll(/\$\{([A-Z][A-Z_]+)\}/g)].map(([, name = '']) => [name, 'x'.repeat(32)]);
  return loadConfig(path, Object.fromEntries(names)).config.feeds.map((entry) => {
    const used = 'use' in entry ? useEntry(entry, catalogue) : ({ ok: true, section: entry } as const);
    assert.deepEqual(used.ok ? [] : used.issues, []);
    const parsed = parseFeed(used.ok ? used.section : {});
    assert.deepEqual(parsed.ok ? [] : parsed.issues, [], example);
    return parsed.ok ? parsed.feed : assert.fail();
  });
}

describe('docs/feeds.md', () => {
  it('is what the schemas and the catalogue say now', () => {
    assert.equal(readFileSync('docs/feeds.md', 'utf8'), page, 'run "npm run docs:feeds"');
  });

  it('cannot be made with a type that has no example, or an example that has no type', () => {
    const [first, ...others] = FEEDS;
    assert.ok(first);
    assert.throws(() => feedsPage([...FEEDS, { ...first, type: 'unheard-of' }], []), /nothing of unheard-of/);
    assert.throws(() => feedsPage(others, []), new RegExp(`tells of ${first.type}`));
  });

  const examples = new Map(FEED_EXAMPLES.flatMap(({ feeds }) => [...feeds]));
  for (const definition of FEEDS) {
    it(`${definition.type}: its example is one feed of that type`, () => {
      const { yaml } = examples.get(definition.type) ?? assert.fail('it has no example');
      assert.deepEqual(
        feedsOf(yaml).map(({ settings }) => settings.type),
        [definition.type],
      );
    });

    it(`${definition.type}: every key says what it means`, () => assertTold(ownKeys(definition)));

    it(`${definition.type}: the defaults that are told are those that it has`, () => {
      const { yaml } = examples.get(definition.type) ?? assert.fail('it has no example');
      for (const { key, standard } of keyRows(ownKeys(definition))) {
        // an example that sets the key itself, and keys of sections that are not there, show no default
        if (standard === undefined || key.includes('.') || yaml.includes(`${key}:`)) continue;
        assert.deepEqual(setting(withKey(yaml, key, standard), key), setting(yaml, key), `${key}: ${standard}`);
      }
    });
  }

  it('says what the keys mean that many feeds have', () => {
    assertTold(commonKeys);
    assertTold(rhythmKeys);
    assertTold(transportKeys);
  });

  it('gives examples that work', () => {
    const blocks = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, example = '']) => example);
    assert.ok(blocks.length > FEEDS.length);
    for (const block of blocks) assert.ok(feedsOf(block).length > 0, block);
  });

  it('has a heading wherever a link leads', () => {
    const headings = new Set(
      [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-')),
    );
    const links = [...page.matchAll(/\]\(#([^)]+)\)/g)].map(([, link = '']) => link);
    assert.ok(links.length > FEEDS.length);
    assert.deepEqual(
      links.filter((link) => !headings.has(link)),
      [],
    );
  });

  it('names every feed of the catalogue with its terms', () => {
    for (const { name, terms_url } of catalogue.values()) {
      assert.ok(page.includes(`\n| \`${name}\` |`), name);
      assert.ok(page.includes(`](${terms_url})`), name);
    }
  });

  it('names every format and every column of a list', () => {
    const list = page.slice(page.indexOf('\n### http-list\n'), page.indexOf('\n### taxii2\n'));
    for (const word of [...LIST_FORMATS, ...LIST_COLUMNS]) assert.ok(list.includes(`\`${word}\``), word);
  });

  it('keeps what stands in a cell within it', () => {
    for (const table of page.split('\n\n').filter((part) => part.startsWith('| '))) {
      const widths = table
        .trim()
        .split('\n')
        .map((line) => line.replaceAll('\\|', '').split('|').length);
      assert.deepEqual(new Set(widths).size, 1, table);
    }
    const entry = catalogue.get('feodo');
    assert.ok(entry);
    const odd = feedsPage(FEEDS, [{ ...entry, about: 'one | two\nthree' }]);
    assert.ok(odd.includes('| one \\| two three |'));
  });
});

/** A key has a sentence; a key of a section has one too, or is named in the section's own. */
function assertTold(keys: Parameters<typeof keyRows>[0]): void {
  const silent = keyRows(keys).filter(({ meaning }) => meaning === undefined || !meaning.endsWith('.'));
  assert.deepEqual(
    silent.map(({ key }) => key),
    [],
  );
  const untold = sectionKeys(keys).filter(({ section, key, told }) => !told && !section.includes(`\`${key}\``));
  assert.deepEqual(untold, []);
}

/** The example with one key more. */
function withKey(yaml: string, key: string, value: string): string {
  const line = `${key}: ${value}`;
  return yaml.includes('- {') ? yaml.replace('- {', `- { ${line},`) : `${yaml.trimEnd()}\n    ${line}\n`;
}

/** What a key is in the only feed of an example. */
function setting(yaml: string, key: string): unknown {
  const [feed] = feedsOf(yaml);
  return Object.entries(feed?.settings ?? assert.fail()).find(([name]) => name === key)?.[1];
}
