import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outgoing } from '../../bus/port.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import { createAdmission, selection } from '../../ingest/admission.ts';
import { type FeedRecord, Unreadable } from '../../ingest/feed.ts';
import { adoptLine, adoptValue } from '../../ingest/foreign.ts';
import { createAgeing } from '../../ingest/lifetime.ts';
import { type NotSent, toOutgoing } from '../../ingest/outgoing.ts';
import type { FeedSettings } from '../../ingest/settings.ts';

const DAY = 86_400_000;
const NOW = '2026-11-24T06:00:00.000Z';
const plain: FeedSettings = { name: 'f', type: 'file', enabled: true, tags: [] };
const sentAs = (record: FeedRecord, settings: FeedSettings = plain): Outgoing | NotSent =>
  toOutgoing(record, settings, NOW, { admits: createAdmission(settings), ageing: createAgeing(settings, () => DAY) });
function sent(record: FeedRecord, settings: FeedSettings = plain): Outgoing {
  const outgoing = sentAs(record, settings);
  return typeof outgoing === 'string' ? assert.fail(outgoing) : outgoing;
}
const value = (record: object, settings: FeedSettings = plain): Record<string, unknown> =>
  JSON.parse(String(sent({ ...record }, settings).value)) as Record<string, unknown>;
const keyOf = (record: object): string | undefined => sent({ ...record }).key;

test('what the record leaves open is filled in, and nothing else', () => {
  const settings: FeedSettings = {
    ...plain,
    confidence: 80,
    severity: 60,
    tags: ['x', 'y'],
    tlp: 'GREEN',
    indicator_type: 'ip',
  };
  assert.deepEqual(value({ indicator: '192.0.2.1' }, settings), {
    indicator: '192.0.2.1',
    source: 'f',
    type: 'ip',
    confidence: 80,
    severity: 60,
    tlp: 'GREEN',
    tags: ['x', 'y'],
    collected_at: NOW,
  });
  const told = {
    indicator: 'a.example',
    source: 's',
    type: 'domain',
    confidence: 0,
    severity: 0,
    tlp: 'RED',
    tags: ['y', 'z'],
    collected_at: 'then',
    more: 1,
  };
  assert.deepEqual(value(told, settings), { ...told, tags: ['y', 'z', 'x'] });
  assert.deepEqual(value({ indicator: 'x', tags: 'a, y' }, settings).tags, ['a', 'y', 'x']);
  assert.equal(value({ indicator: 'x', tags: 5 }, settings).tags, 5);
  assert.equal('tags' in value({ indicator: 'x' }), false);
});

test('the key is the id of the canonical indicator, whatever it was called', () => {
  const id = indicatorId({ type: 'ip', value: '192.0.2.1' });
  for (const record of [
    { indicator: '192.0.2.1' },
    { indicator: '192[.]0.2.1', type: 'ip-dst' },
    { indicator: '192.0.2.1/32', type: 'cidr' },
    { indicator: ' 192.0.2.1 ', type: '' },
  ]) {
    assert.equal(keyOf(record), id, JSON.stringify(record));
  }
});

test('what names no indicator is published all the same, under a key of its content', () => {
  for (const record of [
    { indicator: 'not one' },
    { indicator: 'a.example', type: 'filename' },
    { indicator: 5 },
    {},
    { indicator: '' },
  ]) {
    assert.match(String(keyOf(record)), /^[0-9a-f]{40}$/);
  }
  assert.notEqual(keyOf({ a: 1 }), keyOf({ a: 2 }));
  const broken = sent(new Unreadable(Buffer.from('{"a":')));
  assert.equal(broken.value.toString(), '{"a":');
});

test('too large and too deep records are told apart from usable ones', () => {
  const pad = (length: number): object => ({ indicator: 'a.example', description: 'ä'.repeat(length) });
  assert.equal(typeof sentAs({ ...pad(100_000) }), 'object');
  assert.equal(sentAs({ ...pad(140_000) }), 'too_large');
  assert.equal(sentAs(new Unreadable(Buffer.alloc(300_000))), 'too_large');
  const deep = JSON.parse(`{"indicator":"a.example","context":${'['.repeat(30_000)}${']'.repeat(30_000)}}`) as object;
  assert.equal(sentAs({ ...deep }), 'too_large');
});

test('others speak under the name of their feed, unless they are trusted', () => {
  const adopted = (line: object, trustSource = false): Record<string, unknown> => {
    const record = adoptLine(Buffer.from(JSON.stringify(line)), { name: 'push', trustSource });
    assert.ok(!(record instanceof Unreadable));
    return record;
  };
  assert.equal(adopted({ source: 'abuseipdb' }).source, 'push/abuseipdb');
  assert.equal(adopted({ source: 'abuseipdb' }, true).source, 'abuseipdb');
  assert.equal(adopted({}).source, 'push');
  assert.equal(adopted({ source: '' }, true).source, 'push');
  assert.equal(adopted({ source: null }).source, 'push');
  assert.equal(adopted({ source: 'push' }).source, 'push');
  assert.equal(adopted({ source: 7 }).source, 'push/7');
  assert.equal('collected_at' in adopted({ collected_at: '2099-01-01' }, true), false);
});

test('what is no JSON object keeps its bytes, in a copy', () => {
  for (const text of ['{"a":1', 'plain', '[1]', '"x"', '5', 'null']) {
    const line = Buffer.from(text);
    const record = adoptLine(line, { name: 'push', trustSource: false });
    line.fill(0);
    assert.ok(record instanceof Unreadable);
    assert.equal(record.bytes.toString(), text);
  }
  const broken = Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]);
  const record = adoptLine(broken, { name: 'push', trustSource: false });
  assert.ok(record instanceof Unreadable && record.bytes.equals(broken));
  const inner = adoptValue([1], { name: 'f', trustSource: true });
  assert.ok(inner instanceof Unreadable && inner.bytes.toString() === '[1]');
});

test('a record that calls itself unreadable, or has a prototype, is a record', () => {
  const record = adoptLine(Buffer.from('{"unreadable":"x","__proto__":{"source":"y"},"indicator":"a.example"}'), {
    name: 'push',
    trustSource: false,
  });
  assert.ok(!(record instanceof Unreadable));
  assert.equal(record.source, 'push');
  const told = JSON.parse(String(sent(record).value)) as Record<string, unknown>;
  assert.deepEqual(Object.keys(told).sort(), ['__proto__', 'collected_at', 'indicator', 'source', 'unreadable']);
});

test('a lifetime counts from the last sighting, by type, and never against the record itself', () => {
  const lifetime = { ip: 7 * 86_400_000, url: 86_400_000 };
  const until = (record: object): unknown => value(record, { ...plain, lifetime }).valid_until;
  assert.equal(until({ indicator: '192.0.2.1' }), '2026-12-01T06:00:00.000Z');
  assert.equal(until({ indicator: '192.0.2.1', timestamp: '2026-11-20T00:00:00' }), '2026-11-27T00:00:00.000Z');
  const seen = { timestamp: '2026-11-23T00:00:00Z', last_seen: '2026-11-22 12:00:00 UTC' };
  assert.equal(until({ indicator: 'hxxp://a.example/', ...seen }), '2026-11-23T12:00:00.000Z');
  assert.equal(until({ indicator: 'a.example' }), undefined);
  assert.equal(until({ indicator: '192.0.2.1', valid_until: '2030-01-01T00:00:00Z' }), '2030-01-01T00:00:00Z');
  assert.equal(value({ indicator: 'a.example' }, { ...plain, lifetime: 1000 }).valid_until, '2026-11-24T06:00:01.000Z');
  assert.equal(until({ indicator: '192.0.2.1', last_seen: '9999-99-99' }), '2026-12-01T06:00:00.000Z');
});

test('a feed takes what its rules admit', () => {
  const selected = (section: object) => selection.parse(section);
  const admitted = (record: object, settings: Partial<FeedSettings>): boolean =>
    typeof sentAs({ ...record }, { ...plain, ...settings }) === 'object';
  const ip = { indicator: '192[.]0.2.1', tags: 'Scanner, x', tlp: 'tlp:amber' };
  const domain = { indicator: 'login.bank.example', tags: ['phishing'] };
  const byType = { include: selected({ types: ['ipv4'] }) };
  assert.deepEqual([admitted(ip, byType), admitted(domain, byType)], [true, false]);
  const byTag = { exclude: selected({ tags: ['scanner'] }) };
  assert.deepEqual([admitted(ip, byTag), admitted(domain, byTag)], [false, true]);
  const byText = { include: selected({ match: '^login\\.' }) };
  assert.deepEqual([admitted(ip, byText), admitted(domain, byText)], [false, true]);
  const both = { ...byType, ...byTag };
  assert.deepEqual([admitted(ip, both), admitted({ indicator: '192.0.2.2' }, both)], [false, true]);
  assert.deepEqual([admitted(ip, { tlp_max: 'GREEN' }), admitted(domain, { tlp_max: 'GREEN' })], [false, true]);
  assert.equal(admitted(ip, { tlp_max: 'AMBER' }), true);
  // what the feed itself is marked with counts too
  assert.equal(admitted(domain, { tlp: 'RED', tlp_max: 'AMBER' }), false);
  assert.throws(() => selected({ match: '(' }), /must be a regular expression of RE2.*missing closing/);
  assert.throws(() => selected({ match: '(?=a)' }), /must be a regular expression of RE2.*\(\?=/);
  assert.throws(() => selected({ match: '(a)\\1' }), /must be a regular expression of RE2/);
});

test('an expression costs time by the length of a value alone, whatever it repeats', () => {
  // the first two passed a guard against nested repetition, and took longer than the universe is old
  for (const match of ['((a+))+$', '(a|a)+$', '(a+)+$', '(.*)*(.*)*x', '(?:a?){25}a{25}$', '(a|b)*a(a|b){20}$']) {
    const settings = { ...plain, exclude: selection.parse({ match }) };
    const admits = (indicator: string): unknown => sentAs({ indicator }, settings);
    const cost = (length: number): number => {
      const before = process.cpuUsage();
      for (let run = 0; run < 50; run += 1) admits(`${'a'.repeat(length - 4)}!.ru`);
      const { user, system } = process.cpuUsage(before);
      return user + system;
    };
    cost(64);
    assert.ok(cost(2000) < 500_000, `${match} takes more than 10 ms a value`);
  }
});

test('a lifetime from the import counts a record without an end as told now; its own time says when it was seen', () => {
  const settings: FeedSettings = { ...plain, lifetime_from: 'import' };
  const old = { indicator: 'a.example', timestamp: '2019-05-01T00:00:00Z' };
  const tomorrow = '2026-11-25T06:00:00.000Z';
  assert.deepEqual(value(old, settings), {
    indicator: 'a.example',
    last_seen: '2019-05-01T00:00:00Z',
    source: 'f',
    collected_at: NOW,
    valid_until: tomorrow,
  });
  assert.equal(value({ ...old, last_seen: '2018-01-01' }, settings).last_seen, '2018-01-01');
  const day2 = { ...settings, lifetime: { domain: 2 * DAY } };
  assert.equal(value(old, day2).valid_until, '2026-11-26T06:00:00.000Z', 'by the lifetime of the feed');
  assert.equal(value({ ...old, valid_from: '2026-12-01T00:00:00Z' }, settings).valid_until, '2026-12-02T00:00:00.000Z');
  const ended = { ...old, valid_until: '2019-06-01T00:00:00Z' };
  assert.deepEqual(value(ended, settings), { ...ended, source: 'f', collected_at: NOW }, 'its source has decided');
  const revoked = value({ ...old, revoked: true }, settings);
  assert.equal('timestamp' in revoked, false, 'or it would be older than what it takes back');
  assert.equal('timestamp' in value({ ...ended, revoked: true }, settings), false);
  assert.deepEqual(value(old), { ...old, source: 'f', collected_at: NOW }, 'without it all stays as it was told');
});

test('what is over when it is read is told apart', () => {
  const over = (record: object, settings: FeedSettings = plain): boolean => {
    const made = toOutgoing({ indicator: 'a.example', ...record }, settings, NOW, {
      admits: undefined,
      ageing: createAgeing(settings, () => DAY),
    });
    return typeof made === 'string' ? assert.fail(made) : made.over;
  };
  const old = { timestamp: '2019-05-01T00:00:00Z' };
  assert.equal(over({}), false);
  assert.equal(over(old), true);
  assert.equal(over({ timestamp: '2026-11-23T06:00:00Z' }), true);
  assert.equal(over({ timestamp: '2026-11-23T06:00:01Z' }), false);
  assert.equal(over({ ...old, last_seen: '2026-11-24T00:00:00Z' }), false);
  assert.equal(over({ ...old, revoked: true }), false);
  assert.equal(over({ ...old, valid_until: '2027-01-01T00:00:00Z' }), true, 'more than two years old');
  assert.equal(over({ timestamp: '2026-11-01', valid_until: '2027-01-01T00:00:00Z' }), false);
  assert.equal(over({ valid_until: '2026-11-24T06:00:00Z' }), true);
  assert.equal(over({ timestamp: '2026-11-01', valid_from: '2026-12-01' }), false, 'it has not begun');
  assert.equal(over({ ...old, indicator: 'no indicator' }), false, 'the enricher refuses it');
  assert.equal(over(old, { ...plain, lifetime: 30_000 * DAY }), true, 'no statement outlives two years');
  assert.equal(over({ timestamp: '2026-10-01' }, { ...plain, lifetime: 365 * DAY }), false);
  assert.equal(over(old, { ...plain, lifetime_from: 'import' }), false);
});
