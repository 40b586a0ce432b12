import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { indicatorId } from '../../../core/indicator/id.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../../../core/indicator/type.ts';
import { silentLog } from '../../../core/process/log.ts';
import { openGeoLookup } from '../../../enrich/geo/lookup.ts';
import { readAllowLines } from '../../../enrich/lists/entry.ts';
import { bits4, writeMmdb } from '../../enrich/geo/mmdb-writer.ts';
import { DAY, NOW, openEnriching, type Rendered } from './enriching.ts';
import { faults } from './schemas.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-contract-'));
after(() => rmSync(folder, { recursive: true }));

const VALUES: Readonly<Record<IndicatorType, readonly string[]>> = {
  ip: ['81.2.69.160', '2001:470::1', '9.9.9.9'],
  cidr: ['81.2.69.0/24', '2001:470::/32'],
  domain: ['evil.example.net', 'xn--bcher-kva.example.net'],
  url: [
    'http://evil.example.net/',
    'https://u@evil.example.net:8443/a/b.exe?q="x"&y=\\#f',
    'http://[2001:470::1]:80/x',
    'ftp://81.2.69.160/x.tar.gz',
  ],
  email: ['a.b@evil.example.net'],
  md5: ['d41d8cd98f00b204e9800998ecf8427e'],
  sha1: ['da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  sha256: ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  sha512: ['cf83e1357eefb8bd'.repeat(8)],
  ssdeep: ['3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C'],
  tlsh: [`T1${'A0B1'.repeat(17)}C2`],
  imphash: ['f34d5f2d4577ed6d9ceec516c1f5a744'],
  asn: ['AS64500', 'AS15169'],
  mac: ['00:1b:44:11:3a:b7'],
  mutex: ['Global\\evil "mutex"'],
  registry: ['HKLM\\Software\\Evil\\Run'],
  x509: ['e3b0c44298fc1c149afbf4c8996fb92427ae41e4'],
  cve: ['CVE-2026-12345'],
};

const full = {
  source: 'feed "a"',
  ref: 'indicator--1',
  confidence: 91,
  severity: 80,
  timestamp: NOW - DAY,
  first_seen: '2025-12-31',
  last_seen: NOW - 3_600_000,
  valid_until: '2026-06-01T00:00:00Z',
  tags: 'malicious, b"c\\d',
  tlp: 'TLP:AMBER',
  description: 'said "so" \u2028\ud800 and \u00e4',
  reference: 'https://example.org/report?id="1"',
  categories: ['c2'],
  malware: ['Evil "RAT"'],
  context: { nested: { deep: [1, 2] }, 'dotted.key': 'x', 'quote"': 'y\\' },
  asn_owner: 'unknown key',
};

function valid({ current, history }: Rendered): Rendered {
  for (const document of current) assert.deepEqual(faults('enriched-document', document), [], JSON.stringify(document));
  for (const document of history) assert.deepEqual(faults('history-document', document), [], JSON.stringify(document));
  return { current, history, refused: [] };
}

const database = (name: string, records: Parameters<typeof writeMmdb>[0]): string => {
  const path = join(folder, name);
  writeFileSync(path, writeMmdb(records, 6));
  return path;
};
const geo = await openGeoLookup(
  {
    places: database('city.mmdb', [
      {
        bits: bits4('81.2.69.0/24'),
        record: {
          country: { iso_code: 'GB', names: { en: 'United Kingdom' } },
          continent: { code: 'EU' },
          city: { names: { en: 'London "x"' } },
          subdivisions: [{ iso_code: 'ENG', names: { en: 'England' } }],
          postal: { code: 'OX1' },
          location: { latitude: { double: 51.5 }, longitude: { double: -0.09 }, time_zone: 'Europe/London' },
        },
      },
      { bits: bits4('9.9.9.0/24'), record: { country_code: 'US' } },
    ]),
    asn: database('asn.mmdb', [
      {
        bits: bits4('81.2.69.0/24'),
        record: { autonomous_system_number: 64_500, autonomous_system_organization: 'A "B"' },
      },
      { bits: bits4('9.9.9.0/24'), record: { asn: 'AS19281' } },
    ]),
  },
  silentLog,
);

describe('what the enricher renders', () => {
  for (const type of INDICATOR_TYPES) {
    it(`of type ${type} is as the schemas say, told in full and told barely`, () => {
      for (const value of VALUES[type]) {
        const enriching = openEnriching({ geo });
        const { current, history } = valid(enriching.take([{ ...full, indicator: value, type }]));
        assert.equal(current[0]?.tipline.type, type, value);
        assert.equal(current[0]?.tipline.id, indicatorId({ type, value: current[0]?.tipline.value ?? '' }));
        assert.equal(history.length, 1);
        valid(openEnriching({ geo }).take([{ indicator: value, type, source: 'b' }]));
      }
    });
  }

  it('with geography and network', () => {
    const { current } = valid(
      openEnriching({ geo }).take([
        { ...full, indicator: '81.2.69.160' },
        { ...full, indicator: '9.9.9.9' },
      ]),
    );
    assert.deepEqual(Object.keys(current[0]?.threat.indicator.geo ?? {}).length, 9);
    assert.equal(current[0]?.threat.indicator.as?.organization?.name, 'A "B"');
    assert.deepEqual(current[1]?.threat.indicator.geo, { country_iso_code: 'US' });
    assert.deepEqual(current[1]?.threat.indicator.as, { number: 19_281 });
  });

  it('when it is revoked', () => {
    const enriching = openEnriching();
    enriching.take([{ ...full, indicator: '9.9.9.9' }]);
    const { current, history } = valid(
      enriching.take([{ ...full, indicator: '9.9.9.9', timestamp: NOW, revoked: true }]),
    );
    assert.equal(current[0]?.tipline.status, 'revoked');
    assert.equal(current[0]?.tipline.recheck_at, undefined);
    assert.equal(history.length, 1);
  });

  it('when it is allowed, by a list and by its nature', () => {
    const { entries } = readAllowLines('9.9.9.0/24 # our "partner"\nexample.net', 'allow.txt');
    const told = ['9.9.9.9', '10.1.1.1', 'http://cdn.example.net/', '192.168.0.0/16'];
    const { current } = valid(
      openEnriching({ allow: entries }).take(told.map((indicator) => ({ ...full, indicator }))),
    );
    assert.deepEqual(
      current.map(({ tipline }) => tipline.status),
      told.map(() => 'allowed'),
    );
  });

  it('when a claim lapses, and when the last one does', () => {
    const enriching = openEnriching();
    const indicator = '9.9.9.9';
    const { current } = valid(
      enriching.take([
        { indicator, source: 'a', confidence: 90, valid_until: NOW + DAY },
        { indicator, source: 'b', confidence: 50, valid_until: NOW + 2 * DAY },
      ]),
    );
    const recheck = { recheck: current[0]?.tipline.id };
    assert.equal(valid(enriching.take([recheck], NOW + 1.5 * DAY)).current[0]?.tipline.status, 'active');
    const { current: last, history } = valid(enriching.take([recheck], NOW + 3 * DAY));
    assert.equal(last[0]?.tipline.status, 'expired');
    assert.equal(last[0]?.tipline.threat_score, 0);
    assert.deepEqual(history, []);
  });

  it('when it is part of a compound pattern', () => {
    const { current } = valid(openEnriching().take([{ ...full, indicator: '9.9.9.9', composite: true }]));
    assert.equal(current[0]?.tipline.composite, true);
  });

  it('when one batch replaces a statement, and when it is read once more after a crash', () => {
    const enriching = openEnriching();
    const told = [50, 60, 70].map((confidence, n) => ({
      ...full,
      indicator: '9.9.9.9',
      confidence,
      timestamp: NOW - 10_000 + n,
    }));
    assert.equal(valid(enriching.take(told)).history.length, 3);
    enriching.rewind(told.length);
    assert.equal(valid(enriching.take(told)).current[0]?.event.action, 'new');
  });

  it('with as many claims, sources and words as there can be', () => {
    const records = Array.from({ length: 100 }, (_, n) => ({
      ...full,
      indicator: '9.9.9.9',
      source: `${n}`.padEnd(200, 'x'),
      ref: `${n}`.padEnd(300, 'r'),
      tags: Array.from({ length: 40 }, (_, word) => `${n}-${word}`.padEnd(80, 't')),
      malware: [`family ${n}`],
      description: 'd'.repeat(2000),
      reference: 'f'.repeat(2000),
      context: Object.fromEntries(
        Array.from({ length: 50 }, (_, key) => [`${key}.`.padEnd(100, 'k'), 'v'.repeat(4000)]),
      ),
    }));
    const { current, history } = valid(openEnriching().take(records));
    const { tipline, tags, threat } = current[0] ?? assert.fail('nothing was rendered');
    assert.deepEqual([tipline.claims.length, tipline.sources.length, tags?.length], [64, 64, 64]);
    assert.equal(threat.software?.name.length, 64);
    assert.equal(history.length, 100);
  });

  it('whatever sources tell', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 700 }),
      fc.constantFrom('"', '\\', '\u2028', '\ud800', '</script>'),
    );
    const time = fc.oneof(
      fc.integer({ min: NOW - 400 * DAY, max: NOW + 400 * DAY }),
      fc.date({ noInvalidDate: true, min: new Date(0), max: new Date('9999-12-31') }).map((date) => date.toISOString()),
    );
    const words = fc.oneof(fc.array(text, { maxLength: 5 }), text);
    const record = fc.record(
      {
        indicator: fc.constantFrom(...Object.values(VALUES).flat()),
        source: fc.constantFrom('a', 'b', 'c"d', 'e\u2028f'),
        ref: fc.oneof(fc.constant(''), text),
        confidence: fc.double({ min: 0, max: 100, noNaN: true }),
        severity: fc.oneof(fc.nat({ max: 100 }), fc.nat({ max: 100 }).map(String)),
        timestamp: time,
        first_seen: time,
        last_seen: time,
        valid_until: time,
        revoked: fc.boolean(),
        composite: fc.boolean(),
        tags: words,
        categories: words,
        malware: words,
        tlp: fc.constantFrom('white', 'TLP:RED', 'amber+strict', ''),
        description: text,
        reference: text,
        context: fc.dictionary(text, fc.jsonValue(), { maxKeys: 5 }),
      },
      { requiredKeys: ['indicator', 'source'] },
    );
    fc.assert(
      fc.property(
        fc.array(record, { minLength: 1, maxLength: 8 }),
        fc.array(record, { maxLength: 4 }),
        (first, second) => {
          const enriching = openEnriching({ geo });
          const { current } = valid(enriching.take(first));
          valid(enriching.take(second, NOW + DAY));
          valid(
            enriching.take(
              current.map(({ tipline }) => ({ recheck: tipline.id })),
              NOW + 500 * DAY,
            ),
          );
        },
      ),
      { numRuns: 150 },
    );
  });
});
