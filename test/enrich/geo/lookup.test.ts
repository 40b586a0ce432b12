import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { silentLog } from '../../../core/process/log.ts';
import { openGeoLookup } from '../../../enrich/geo/lookup.ts';
import { bits4, writeMmdb } from './mmdb-writer.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-geo-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, content: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const nested = {
  country: { iso_code: 'GB', names: { en: 'United Kingdom', fr: 'Royaume-Uni' } },
  continent: { code: 'EU' },
  city: { names: { en: 'London' } },
  subdivisions: [{ iso_code: 'ENG', names: { en: 'England' } }],
  postal: { code: 'OX1' },
  location: { latitude: { double: 51.5142 }, longitude: { double: -0.0931 }, time_zone: 'Europe/London' },
};
const flat = {
  country_code: 'SE',
  city: '',
  state1: 'Uppsala',
  latitude: { double: 59.9 },
  longitude: { double: 17.6 },
  timezone: '',
};

describe('GeoIP', () => {
  it('reads the nested layout into ECS fields', async () => {
    const geo = await openGeoLookup(
      { places: file('nested.mmdb', writeMmdb([{ bits: bits4('81.2.69.0/24'), record: nested }], 6)), asn: undefined },
      silentLog,
    );
    assert.deepEqual(JSON.parse(geo.look('81.2.69.160').geo), {
      country_iso_code: 'GB',
      country_name: 'United Kingdom',
      continent_code: 'EU',
      city_name: 'London',
      region_iso_code: 'GB-ENG',
      region_name: 'England',
      postal_code: 'OX1',
      timezone: 'Europe/London',
      location: { lat: 51.5142, lon: -0.0931 },
    });
    assert.equal(geo.look('9.9.9.9').geo, '');
  });

  it('reads the flat layout, where unknown is an empty text', async () => {
    const geo = await openGeoLookup(
      { places: file('flat.mmdb', writeMmdb([{ bits: bits4('89.160.20.0/24'), record: flat }], 4)), asn: undefined },
      silentLog,
    );
    assert.deepEqual(JSON.parse(geo.look('89.160.20.7').geo), {
      country_iso_code: 'SE',
      region_name: 'Uppsala',
      location: { lat: 59.9, lon: 17.6 },
    });
  });

  it('answers nothing when a file of IPv4 is asked for IPv6', async () => {
    // 2000::/8 begins with the bits of 32.0.0.0/8
    const geo = await openGeoLookup(
      { places: file('v4.mmdb', writeMmdb([{ bits: bits4('32.0.0.0/8'), record: flat }], 4)), asn: undefined },
      silentLog,
    );
    assert.notEqual(geo.look('32.1.2.3').geo, '');
    assert.equal(geo.look('2001:4860:4860::8888').geo, '');
  });

  it('reads who announces an address', async () => {
    const record = { autonomous_system_number: 64500, autonomous_system_organization: 'Example "Net"' };
    const geo = await openGeoLookup(
      { places: undefined, asn: file('asn.mmdb', writeMmdb([{ bits: bits4('9.9.9.0/24'), record }], 6)) },
      silentLog,
    );
    assert.deepEqual(JSON.parse(geo.look('9.9.9.9').as), { number: 64500, organization: { name: 'Example "Net"' } });
  });

  it('reads the network out of every layout that has it: ISP, Enterprise, and those of others', async () => {
    const names = { autonomous_system_number: 64500, autonomous_system_organization: 'Example Net' };
    for (const [name, record] of [
      ['GeoIP2-ISP', { ...names, isp: 'Example Net', organization: 'Example Net' }],
      ['GeoIP2-Enterprise', { ...nested, traits: { ...names, isp: 'Example Net', user_type: 'hosting' } }],
      ['ipinfo', { asn: 'AS64500', as_name: 'Example Net', as_domain: 'example.net' }],
    ] as const) {
      // the first networks of these files are often of those that nobody announces
      const networks = [
        { bits: bits4('1.0.0.0/24'), record: name === 'GeoIP2-Enterprise' ? nested : { isp: 'none' } },
        { bits: bits4('9.9.9.0/24'), record },
      ];
      const asn = file(`${name}.mmdb`, writeMmdb(networks, 6, name));
      const geo = await openGeoLookup({ places: undefined, asn }, silentLog);
      assert.deepEqual(JSON.parse(geo.look('9.9.9.9').as), { number: 64500, organization: { name: 'Example Net' } });
      assert.equal(geo.look('1.0.0.1').as, '');
    }
  });

  it('refuses a file without networks where networks are wanted, at start and when it changes', async () => {
    const network = { bits: bits4('9.9.9.0/24'), record: { asn: 64500 } };
    const places = writeMmdb([{ bits: bits4('81.2.69.0/24'), record: nested }], 6, 'GeoLite2-City');
    const asn = file('city-as-asn.mmdb', places);
    await assert.rejects(openGeoLookup({ places: undefined, asn }, silentLog), (error: Error) => {
      assert.match(error.message, /city-as-asn\.mmdb \(GeoLite2-City\) tells no networks \(ASN\)/);
      assert.match(error.message, /enrich\.geo\.asn/);
      return true;
    });
    const path = file('changing-asn.mmdb', writeMmdb([network], 6));
    const geo = await openGeoLookup({ places: undefined, asn: path }, silentLog);
    renameSync(asn, path);
    await geo.refresh();
    assert.equal(geo.look('9.9.9.9').as, '{"number":64500}');
  });

  it('refuses a missing, an empty and a cut file at start, and says which', async () => {
    const cut = file('cut.mmdb', writeMmdb([{ bits: bits4('81.2.69.0/24'), record: nested }], 6));
    truncateSync(cut, 200);
    for (const path of [
      join(folder, 'none.mmdb'),
      file('empty.mmdb', Buffer.alloc(0)),
      cut,
      file('text.mmdb', Buffer.from('<html>not found</html>')),
    ]) {
      await assert.rejects(openGeoLookup({ places: path, asn: undefined }, silentLog), (error: Error) =>
        error.message.includes(path),
      );
    }
  });

  it('reads a changed file again and keeps the old one when the new one is broken', async () => {
    const path = file('changing.mmdb', writeMmdb([{ bits: bits4('81.2.69.0/24'), record: { country_code: 'AA' } }], 6));
    const geo = await openGeoLookup({ places: path, asn: undefined }, silentLog);
    renameSync(
      file('next.mmdb', writeMmdb([{ bits: bits4('81.2.69.0/24'), record: { country_code: 'BB' } }], 6)),
      path,
    );
    await geo.refresh();
    assert.equal(geo.look('81.2.69.1').geo, '{"country_iso_code":"BB"}');
    renameSync(file('bad.mmdb', Buffer.from('garbage')), path);
    await geo.refresh();
    assert.equal(geo.look('81.2.69.1').geo, '{"country_iso_code":"BB"}');
  });

  const corpus = process.env.TIPLINE_CORPUS;
  if (corpus !== undefined) {
    it('agrees with MaxMind’s own test data', async () => {
      const geo = await openGeoLookup(
        { places: join(corpus, 'mmdb/GeoLite2-City-Test.mmdb'), asn: join(corpus, 'mmdb/GeoLite2-ASN-Test.mmdb') },
        silentLog,
      );
      assert.equal(JSON.parse(geo.look('81.2.69.160').geo).city_name, 'London');
      assert.equal(JSON.parse(geo.look('1.128.0.1').as).number, 1221);
      assert.equal(JSON.parse(geo.look('2001:218::1').geo).country_iso_code, 'JP');
    });
    it('refuses MaxMind’s files without networks where networks are wanted', async () => {
      for (const name of ['GeoIP2-City-Test.mmdb', 'GeoLite2-City-Test.mmdb', 'GeoLite2-Country-Test.mmdb']) {
        const asn = join(corpus, 'mmdb', name);
        await assert.rejects(openGeoLookup({ places: undefined, asn }, silentLog), /tells no networks/, name);
      }
    });
    it('never crashes on MaxMind’s broken files', async () => {
      for (const name of readdirSync(join(corpus, 'mmdb')).filter((each) => /[Bb]roken|Invalid|no-ipv4/.test(each))) {
        try {
          const geo = await openGeoLookup({ places: join(corpus, 'mmdb', name), asn: undefined }, silentLog);
          for (const ip of ['1.1.1.1', '81.2.69.160', '2001:218::1']) geo.look(ip);
        } catch (error) {
          assert.match(String(error), /cannot be used/);
        }
      }
    });
  }
});
