import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { OLD_NAMES, OLD_TEXTS } from '../../../store/elasticsearch/templates/old-names.ts';
import { type Lab, openLab } from '../../enrich/embedded-lab.ts';
import { bits4, writeMmdb } from '../../enrich/geo/mmdb-writer.ts';
import { givenElasticsearch } from '../../services/given.ts';
import { type OpenedStore, openTestStore } from './opened.ts';

const VALUE = '81.2.69.160';

/** What a dashboard made for the old pipeline asks for: the name, and what it finds there. */
const TEXTS: Readonly<Record<keyof typeof OLD_TEXTS, string>> = {
  indicator: VALUE,
  type: 'ip',
  source: 'a feed',
  'geoip.city_name': 'London',
  'geoip.continent_code': 'EU',
  'geoip.country_code2': 'GB',
  'geoip.country_name': 'United Kingdom',
  'geoip.postal_code': 'OX1',
  'geoip.region_code': 'GB-ENG',
  'geoip.region_name': 'England',
  'geoip.timezone': 'Europe/London',
};

const NUMBERS: Readonly<Record<string, string | number>> = {
  confidence: 81,
  severity: 90,
  threat_score: 83,
  timestamp: '2026-02-28T12:00:00.000Z',
  first_seen: '2026-02-27T12:00:00.000Z',
  last_seen: '2026-02-28T12:00:00.000Z',
  'geoip.ip': VALUE,
};

const folder = mkdtempSync(join(tmpdir(), 'tipline-old-names-'));
after(() => rmSync(folder, { recursive: true }));
const places = join(folder, 'city.mmdb');
const record = {
  country: { iso_code: 'GB', names: { en: 'United Kingdom' } },
  continent: { code: 'EU' },
  city: { names: { en: 'London' } },
  subdivisions: [{ iso_code: 'ENG', names: { en: 'England' } }],
  postal: { code: 'OX1' },
  location: { latitude: { double: 51.5 }, longitude: { double: -0.09 }, time_zone: 'Europe/London' },
};
writeFileSync(places, writeMmdb([{ bits: bits4('81.2.69.0/24'), record }], 6));

describe('names of the old pipeline', () => {
  let lab: Lab;
  let opened: OpenedStore;
  let index: string;

  before(async () => {
    lab = await openLab();
    opened = await openTestStore(await givenElasticsearch());
    index = `${opened.prefix}threat_intel-*`;
    await lab.start({
      store: opened.store.indicators,
      cursors: opened.store.cursors,
      geo: { places, asn: undefined },
    });
    const said = {
      source: 'a feed',
      confidence: 81,
      severity: 90,
      valid_until: '2028-01-01',
      first_seen: NUMBERS.first_seen,
      timestamp: NUMBERS.timestamp,
    };
    await lab.say(
      { ...said, indicator: VALUE, tags: ['malicious', 'c2'] },
      { source: 'b', indicator: 'evil.example.net' },
    );
    await opened.store.indicators.refresh();
  });
  after(async () => {
    await lab.close();
    await opened.remove();
  });

  async function found(field: string, value: string | number): Promise<number> {
    const { hits } = await opened.client.search({
      index,
      query: { term: { [field]: value } },
      size: 0,
      track_total_hits: true,
    });
    return typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0);
  }

  async function buckets(field: string): Promise<unknown[]> {
    const { aggregations } = await opened.client.search<unknown, { by: { buckets: { key: unknown }[] } }>({
      index,
      size: 0,
      aggs: { by: { terms: { field } } },
    });
    return aggregations?.by.buckets.map(({ key }) => key) ?? [];
  }

  for (const [name, value] of Object.entries(TEXTS)) {
    it(`${name} and ${name}.keyword are searched and counted`, async () => {
      assert.deepEqual(Object.keys(TEXTS), Object.keys(OLD_TEXTS));
      for (const field of [name, `${name}.keyword`]) {
        assert.equal(await found(field, value), 1, `search ${field}`);
        assert.ok((await buckets(field)).includes(value), `count by ${field}`);
      }
    });
  }

  it('tags.keyword is searched and counted', async () => {
    assert.equal(await found('tags.keyword', 'c2'), 1);
    assert.deepEqual(await buckets('tags.keyword'), ['c2', 'malicious']);
  });

  it('numbers, dates and addresses go by their one name', async () => {
    assert.deepEqual([...Object.keys(NUMBERS), 'geoip.location'], Object.keys(OLD_NAMES));
    for (const [name, value] of Object.entries(NUMBERS)) {
      assert.equal(await found(name, value), 1, `search ${name}`);
      assert.ok((await buckets(name)).length > 0, `count by ${name}`);
    }
    const { hits } = await opened.client.search({
      index,
      query: { geo_distance: { distance: '1km', 'geoip.location': { lat: 51.5, lon: -0.09 } } },
    });
    assert.equal(hits.hits.length, 1);
  });

  it('are in no document: the server makes them from what is there', async () => {
    const { hits } = await opened.client.search<Record<string, unknown>>({ index });
    assert.equal(hits.hits.length, 2);
    for (const { _source: source } of hits.hits) {
      for (const name of ['indicator', 'type', 'source', 'geoip', 'confidence'])
        assert.ok(!(name in (source ?? {})), name);
    }
  });
});
