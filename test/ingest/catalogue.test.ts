import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { codeOf, messageOf } from '../../core/process/errors.ts';
import { readCatalogue, useEntry } from '../../ingest/catalogue.ts';
import { parseFeed } from '../../ingest/feeds/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-catalogue-'));
after(() => rmSync(folder, { recursive: true }));

const SHIPPED = 'rules/feeds.yaml';

/** What an entry with a key must be given, and nothing more. */
const KEYS: Readonly<Record<string, object>> = {
  threatfox: { auth_key: 'k' },
  malwarebazaar: { auth_key: 'k' },
  otx: { api_key: 'k' },
  abuseipdb: { api_key: 'k' },
};

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function refusal(overlay: string): string {
  try {
    readCatalogue(SHIPPED, write('overlay.yaml', overlay));
  } catch (error) {
    assert.equal(codeOf(error), 'CONFIG_INVALID');
    return messageOf(error).replace(`${folder}/`, '');
  }
  return assert.fail('it was taken');
}

describe('the shipped catalogue', () => {
  const catalogue = readCatalogue(SHIPPED);

  it('has what teams ask for first', () => {
    const named =
      'threatfox urlhaus malwarebazaar feodo sslbl otx spamhaus-drop phishtank openphish blocklist-de cins et-compromised tor-exits dshield ipsum kev';
    for (const name of named.split(' ')) assert.ok(catalogue.has(name), name);
  });

  for (const [name, entry] of catalogue) {
    it(`${name}: ${name in KEYS ? 'use and a key are' : 'use alone is'} a whole feed`, () => {
      const used = useEntry({ use: name, ...KEYS[name] }, catalogue);
      assert.ok(used.ok);
      const parsed = parseFeed(used.section);
      assert.deepEqual(parsed.ok ? [] : parsed.issues, []);
      assert.ok(parsed.ok);
      const { settings } = parsed.feed;
      assert.deepEqual([settings.name, settings.type, settings.enabled], [name, entry.feed.type, true]);
      const url: unknown = 'url' in settings ? settings.url : undefined;
      if (url !== undefined) assert.match(String(url), /^https:/, 'nobody on the way may change it');
    });

    it(`${name}: says under which terms it may be used`, () => {
      assert.match(entry.terms_url, /^https:\/\//);
      assert.match(entry.about, /\.$/);
      if (!entry.commercial) assert.match(entry.terms, /not commercial/);
    });

    if (name in KEYS) {
      it(`${name}: without its key it is refused with a sentence that says where to get one`, () => {
        const used = useEntry({ use: name }, catalogue);
        const parsed = used.ok ? parseFeed(used.section) : assert.fail();
        assert.ok(!parsed.ok);
        assert.deepEqual(
          parsed.issues.map(({ path }) => path.join('.')),
          [Object.keys(KEYS[name] ?? {})[0]],
        );
        assert.match(entry.key ?? '', /https:\/\//);
      });
    }
  }
});

describe('use', () => {
  const catalogue = readCatalogue(SHIPPED);

  it('lets every key beside it go first, whole', () => {
    const used = useEntry(
      { use: 'ipsum', name: 'mine', every: '1d', confidence: 40, columns: { indicator: 2 } },
      catalogue,
    );
    assert.ok(used.ok);
    const { name, type, every, confidence, columns, tags } = used.section;
    assert.deepEqual(
      { name, type, every, confidence, columns, tags },
      {
        name: 'mine',
        type: 'http-list',
        every: '1d',
        confidence: 40,
        columns: { indicator: 2 },
        tags: ['malicious'],
      },
    );
    assert.equal('use' in used.section, false);
  });

  it('says what there is when there is no such feed', () => {
    for (const use of ['feodoo', '__proto__', 'constructor', 5]) {
      const used = useEntry({ use }, catalogue);
      assert.ok(!used.ok);
      assert.deepEqual(used.issues[0]?.path, ['use']);
      assert.match(String(used.issues[0]?.message), /no such feed in the catalogue; it has abuseipdb, .*, urlhaus$/);
    }
  });
});

describe('an overlay', () => {
  it('adds feeds and changes keys of those that are there', () => {
    const path = write(
      'own.yaml',
      'feodo:\n  feed: { every: 2h, tags: [c2] }\nlocal:\n  about: Our own.\n  feed: { type: http-list, url: "https://lists.example.org/ours.txt" }\n',
    );
    const catalogue = readCatalogue(SHIPPED, path);
    const shipped = readCatalogue(SHIPPED).get('feodo');
    assert.deepEqual(catalogue.get('feodo'), { ...shipped, feed: { ...shipped?.feed, every: '2h', tags: ['c2'] } });
    assert.deepEqual([catalogue.get('local')?.about, catalogue.get('local')?.licence], ['Our own.', 'not told']);
    const used = useEntry({ use: 'local' }, catalogue);
    assert.ok(used.ok && parseFeed(used.section).ok);
    assert.equal(readCatalogue(SHIPPED, write('empty.yaml', '')).size, readCatalogue(SHIPPED).size);
  });

  it('is refused with file and line', () => {
    assert.match(
      refusal('feodo:\n  fed: {}\n'),
      /^overlay\.yaml:2: feodo\.fed: there is no such key; the keys here are about, /,
    );
    assert.match(refusal('feodo: { feed: x }'), /feodo\.feed: must be a section with keys/);
    assert.match(refusal('"a b": { feed: {} }'), /^overlay\.yaml:1: a b: the name of a feed must be letters, digits/);
    assert.match(refusal('- feodo'), /must be a section with keys/);
  });
});
