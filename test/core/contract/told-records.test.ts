import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { contextOf } from '../../../enrich/steps/context.ts';
import type { Outcome } from '../../../enrich/steps/outcome.ts';
import { readRecord } from '../../../enrich/steps/read-record.ts';
import { NOW } from './enriching.ts';
import { faults, resolve } from './schemas.ts';

const good = { indicator: '9.9.9.9', source: 'a' };

function read(told: unknown): Outcome {
  const value = Buffer.from(JSON.stringify(told));
  return readRecord({ key: null, value, offset: 0, timestamp: NOW, headers: {} }, 'ioc.raw-0-0', {
    earliest: 0,
    latest: Number.MAX_SAFE_INTEGER,
    headersSince: 0,
  });
}

function reportOf(told: unknown) {
  const outcome = read(told);
  if (outcome.kind !== 'report')
    throw new assert.AssertionError({ message: `${outcome.kind}: ${JSON.stringify(told)}` });
  return outcome.report;
}

const properties = resolve('raw-indicator', '#/$defs/statement').schema.properties as Record<
  string,
  { maxLength?: number }
>;

describe('the schema of ioc.raw', () => {
  it('fits what our own feeds write', () => {
    const own: Required<RawIndicator> = {
      indicator: '9.9.9.9',
      source: 'a',
      ref: 'indicator--1',
      type: 'ip',
      confidence: 90,
      severity: 80,
      timestamp: '2026-01-01T00:00:00.000Z',
      first_seen: '2026-01-01T00:00:00.000Z',
      last_seen: '2026-01-01T00:00:00.000Z',
      valid_from: '2026-01-01T00:00:00.000Z',
      valid_until: '2026-01-01T00:00:00.000Z',
      revoked: false,
      tags: ['malicious'],
      tlp: 'AMBER+STRICT',
      description: 'x',
      reference: 'https://example.org/',
      categories: ['c2'],
      malware: ['evil'],
      composite: false,
      port: 443,
      sightings: 3,
      event_id: '5f1c',
      object_id: 'indicator--1',
      file: {
        name: 'a.exe',
        size: 1,
        type: 'application/x-dosexec',
        hashes: { md5: 'd41d8cd98f00b204e9800998ecf8427e' },
      },
      context: { any: { thing: [1] } },
      collected_at: '2026-01-01T00:00:00.000Z',
    };
    assert.deepEqual(faults('raw-indicator', own), []);
    assert.deepEqual(Object.keys(own).toSorted(), Object.keys(properties).toSorted());
  });

  it('fits the shipped example, but for the line that is broken on purpose', () => {
    const lines = readFileSync('examples/indicators.jsonl', 'utf8').split('\n').filter(Boolean);
    const wrong = lines.filter((line) => {
      const told: unknown = JSON.parse(line);
      return (
        faults('raw-indicator', told, '#/$defs/statement').length > 0 ||
        read({ source: 'a', ...Object(told) }).kind !== 'report'
      );
    });
    assert.equal(wrong.length, 1, wrong.join('\n'));
  });

  it('wants a source on the topic, which a feed may leave out', () => {
    assert.notDeepEqual(faults('raw-indicator', { indicator: '9.9.9.9' }), []);
    assert.equal(read({ indicator: '9.9.9.9' }).kind, 'dead-letter');
    assert.deepEqual(faults('raw-indicator', { indicator: '9.9.9.9' }, '#/$defs/statement'), []);
  });

  const sloppy: readonly [key: string, told: unknown][] = [
    ['confidence', '90'],
    ['confidence', ' 99.5 '],
    ['confidence', ''],
    ['severity', null],
    ['severity', 33.3],
    ['revoked', 'true'],
    ['composite', 0],
    ['tags', 'a, b,,c'],
    ['tags', ['a', 5, null, '']],
    ['tags', []],
    ['tlp', 'TLP:WHITE'],
    ['tlp', 'amber+strict'],
    ['timestamp', '2026-01-01'],
    ['timestamp', '2026-01-01 10:00:00'],
    ['timestamp', '2020-12-08 13:36:27 UTC'],
    ['timestamp', '2026-01-01T10:00:00.123456789+02:00'],
    ['timestamp', '2026-01-01T10:00'],
    ['timestamp', 1_700_000_000],
    ['timestamp', '1700000000000'],
    ['first_seen', 0],
    ['valid_until', '9999-12-31T23:59:59Z'],
    ['valid_from', 1_700_000_000],
    ['port', '443'],
    ['port', 'any'],
    ['sightings', 0],
    ['event_id', null],
    ['file', { size: '10', hashes: { md5: 'none' } }],
    ['ref', 12345],
    ['source', 5],
    ['type', 'FileHash-MD5'],
    ['description', null],
    ['context', {}],
    ['whatever', [{ deep: true }]],
  ];
  for (const [key, told] of sloppy) {
    it(`takes ${key} ${JSON.stringify(told)}`, () => {
      const { type, indicator } =
        key === 'type'
          ? { type: told, indicator: 'd41d8cd98f00b204e9800998ecf8427e' }
          : { type: null, indicator: '9.9.9.9' };
      const record = { ...good, type, indicator, [key]: told };
      assert.deepEqual(faults('raw-indicator', record), []);
      assert.equal(read(record).kind, 'report');
    });
  }

  const wrong: readonly [key: string, told: unknown][] = [
    ['indicator', undefined],
    ['indicator', ''],
    ['indicator', 5],
    ['indicator', 'x'.repeat(4097)],
    ['source', undefined],
    ['source', ''],
    ['source', '  '],
    ['source', null],
    ['source', ['a']],
    ['confidence', 101],
    ['confidence', -1],
    ['confidence', '101'],
    ['confidence', 'high'],
    ['confidence', true],
    ['severity', [50]],
    ['revoked', 'yes'],
    ['revoked', 2],
    ['composite', {}],
    ['tags', 5],
    ['tags', { a: 1 }],
    ['tags', [['a']]],
    ['categories', true],
    ['malware', [{}]],
    ['tlp', 'PURPLE'],
    ['tlp', 3],
    ['timestamp', 'yesterday'],
    ['timestamp', '2026-13-01'],
    ['timestamp', '2026-01-01T25:00:00Z'],
    ['timestamp', '01/02/2026'],
    ['timestamp', true],
    ['first_seen', []],
    ['last_seen', '2026'],
    ['valid_from', 'now'],
    ['valid_until', 'never'],
    ['collected_at', '2026-1-1'],
    ['ref', {}],
    ['type', 5],
    ['description', ['x']],
    ['reference', true],
    ['recheck', 'abc'],
    ['recheck', null],
    ['recheck', 5],
  ];
  for (const [key, told] of wrong) {
    it(`refuses ${key} ${JSON.stringify(told)?.slice(0, 40)}`, () => {
      const record = { ...good, [key]: told };
      assert.notDeepEqual(faults('raw-indicator', record), []);
      assert.equal(read(record).kind, 'dead-letter');
    });
  }

  it('takes a recheck', () => {
    const recheck = { recheck: 'a'.repeat(40) };
    assert.deepEqual(faults('raw-indicator', recheck), []);
    assert.equal(read(recheck).kind, 'recheck');
    for (const id of ['A'.repeat(40), 'a'.repeat(39)]) {
      assert.notDeepEqual(faults('raw-indicator', { recheck: id }), []);
      assert.equal(read({ recheck: id }).kind, 'dead-letter');
    }
  });

  for (const key of ['source', 'ref', 'description', 'reference'] as const) {
    it(`says how much is kept of ${key}`, () => {
      const most = properties[key]?.maxLength ?? 0;
      assert.equal(reportOf({ ...good, [key]: 'x'.repeat(most) }).claim[key].length, most);
      assert.equal(reportOf({ ...good, [key]: 'x'.repeat(most + 1) }).claim[key].length, most);
    });
  }

  it('says how many words are kept, and how much of each', () => {
    const [list] = resolve('raw-indicator', '#/$defs/words').schema.anyOf as [
      { maxItems: number; items: { maxLength: number } },
    ];
    const many = Array.from({ length: list.maxItems + 1 }, (_, n) => `word ${n}`);
    const long = ['x'.repeat(list.items.maxLength + 1)];
    for (const key of ['tags', 'categories', 'malware'] as const) {
      assert.equal(reportOf({ ...good, [key]: many }).claim[key].length, list.maxItems);
      assert.equal(reportOf({ ...good, [key]: long }).claim[key][0]?.length, list.items.maxLength);
    }
  });

  it('says how long an indicator may be', () => {
    const most = properties.indicator?.maxLength ?? 0;
    const url = (length: number): string => 'http://example.net/'.padEnd(length, 'x');
    assert.equal(read({ ...good, indicator: url(most) }).kind, 'report');
    assert.equal(read({ ...good, indicator: url(most + 1) }).kind, 'dead-letter');
  });

  it('names every key that the enricher knows: no other reaches a claim, and none of these is taken for context', () => {
    const { source: _, ...known } = Object.fromEntries(Object.keys(properties).map((key) => [key, null]));
    assert.equal(contextOf(reportOf({ ...known, ...good }).told), undefined);
    assert.deepEqual(Object.keys(contextOf(reportOf({ ...good, other: 1 }).told) ?? {}), ['other']);
  });

  it('promises nothing that the enricher refuses', () => {
    const any = fc.oneof(
      fc.jsonValue({ maxDepth: 1 }),
      fc.constantFrom(...sloppy.map(([, told]) => told), ...wrong.map(([, told]) => told ?? null)),
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.stringMatching(/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?)?(Z|[+-]\d\d:?\d\d)?$/),
      fc.array(fc.oneof(fc.string({ maxLength: 70 }), fc.integer()), { maxLength: 40 }),
    );
    // its looks and its name are judged by more than a schema can say
    const keys = Object.keys(properties).filter((key) => key !== 'indicator' && key !== 'type');
    const record = fc.record(Object.fromEntries(keys.map((key) => [key, any])), { requiredKeys: [] });
    fc.assert(
      fc.property(record, (told) => {
        const whole: Record<string, unknown> = { source: 'a', ...told, indicator: '9.9.9.9' };
        // one key at a time: with all of them hardly any record would be valid
        for (const key of keys) {
          const single = { ...good, ...(key in whole ? { [key]: whole[key] } : {}) };
          if (faults('raw-indicator', single).length > 0) continue;
          const outcome = read(single);
          const noSuchDay =
            /_INVALID$/.test(outcome.kind === 'dead-letter' ? outcome.code : '') &&
            /-(02-(29|3\d)|(0[469]|11)-31)/.test(String(single[key as keyof typeof single]));
          assert.ok(outcome.kind === 'report' || noSuchDay, `${JSON.stringify(single)}: ${JSON.stringify(outcome)}`);
        }
      }),
      { numRuns: 300 },
    );
  });
});
