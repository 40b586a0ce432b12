import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { TOPICS } from '../../../core/contract/topics.ts';
import { INDICATOR_TYPES } from '../../../core/indicator/type.ts';
import { type Lab, openLab } from '../../enrich/embedded-lab.ts';
import { givenElasticsearch } from '../../services/given.ts';
import { type OpenedStore, openTestStore } from './opened.ts';

const hex = (length: number): string => '0123456789abcdef'.repeat(10).slice(0, length);

/** One indicator of each type, as feeds write them. */
const indicators: Readonly<Record<(typeof INDICATOR_TYPES)[number], string>> = {
  ip: '2001:db8:1::7',
  cidr: '198.51.100.0/24',
  domain: 'evil.example.org',
  url: 'https://user:pw@evil.example.org:8443/a/b.php?q=1&r=%20#frag',
  email: 'someone@example.org',
  md5: hex(32),
  sha1: hex(40),
  sha256: hex(64),
  sha512: hex(128),
  ssdeep: '3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C',
  tlsh: `T1${hex(70).toUpperCase()}`,
  imphash: hex(32),
  asn: 'AS64500',
  mac: '00:00:5e:00:53:01',
  mutex: 'Global\\Sample',
  registry: 'HKLM\\Software\\Sample\\Run',
  x509: hex(40),
  cve: 'CVE-2026-12345',
};

describe('what enrichment renders', () => {
  let lab: Lab;
  let opened: OpenedStore;
  before(async () => {
    lab = await openLab();
    opened = await openTestStore(await givenElasticsearch());
    await lab.start({ store: opened.store.indicators, cursors: opened.store.cursors });
  });
  after(async () => {
    await lab.close();
    await opened.remove();
  });

  it('fits the strict mapping, for every type and with every field that a feed may give', async () => {
    const now = Date.now();
    const iso = (ago: number): string => new Date(now - ago).toISOString();
    const full = {
      source: 'a feed',
      ref: 'indicator--1',
      confidence: '81',
      timestamp: iso(60_000),
      first_seen: iso(3_600_000),
      last_seen: iso(60_000),
      valid_until: new Date(now + 3_600_000).toISOString(),
      tags: 'malicious, c2',
      tlp: 'TLP:AMBER+STRICT',
      description: `"quoted" \u0000 ${'long '.repeat(3000)}`,
      reference: 'https://example.org/report',
      categories: ['c2'],
      malware: ['Sample Loader'],
      context: { port: 443, 'a.b': { deep: [1, { x: null }] }, nul: '\u0000' },
      unknown_key: true,
    };
    await lab.say(
      ...INDICATOR_TYPES.flatMap((type) => [
        { ...full, indicator: indicators[type], type },
        { indicator: indicators[type], type, source: 'sparse' },
        { indicator: indicators[type], type, source: 'other', confidence: 5, severity: 100, revoked: true },
      ]),
    );
    const letters: string[] = [];
    for await (const { value } of lab.bus.scan(TOPICS.deadLetters)) letters.push(value.toString().slice(0, 600));
    assert.deepEqual(letters, []);
    await opened.store.indicators.refresh();
    const summary = await opened.store.indicators.summary();
    assert.deepEqual(summary.byType, Object.fromEntries(INDICATOR_TYPES.map((type) => [type, 1])));
    assert.equal(summary.history, INDICATOR_TYPES.length * 3);
  });

  it('finds a value by what the feed told beside it', async () => {
    const { hits } = await opened.client.search({
      index: `${opened.prefix}threat_intel-*`,
      query: { term: { 'tipline.claim.context.port': '443' } },
      size: 0,
      track_total_hits: true,
    });
    assert.deepEqual(hits.total, { value: INDICATOR_TYPES.length, relation: 'eq' });
  });
});
