import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EnrichedDocument } from '../../../core/contract/enriched-document.ts';
import { openEnriching } from '../../core/contract/enriching.ts';
import { faults } from '../../core/contract/schemas.ts';

const MD5 = '44d88612fea8a8f36de82e1278abb02f';
const SHA1 = '3395856ce81f2b7382dee72602f798b642f14140';
const SHA256 = '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f';
const IMPHASH = 'f34d5f2d4577ed6d9ceec516c1f5a744';

interface Taken {
  current: EnrichedDocument;
  history: EnrichedDocument;
}

function take(record: Readonly<Record<string, unknown>>): Taken {
  const { current, history } = openEnriching().take([{ source: 'a', confidence: 90, ...record }]);
  const [document] = current;
  assert.ok(document !== undefined);
  assert.deepEqual(faults('enriched-document', document), []);
  assert.deepEqual(faults('history-document', history[0]), []);
  return { current: document, history: history[0] as EnrichedDocument };
}

const indicatorOf = (record: Readonly<Record<string, unknown>>) => take(record).current.threat.indicator;

describe('ECS fields of a document', () => {
  it("of a registry path: ECS's short hive, key and value", () => {
    const registry = (path: string) => indicatorOf({ indicator: path, type: 'registry' }).registry;
    assert.deepEqual(registry('HKEY_LOCAL_MACHINE\\SOFTWARE\\Evil'), {
      path: 'HKLM\\SOFTWARE\\Evil',
      hive: 'HKLM',
      key: 'SOFTWARE\\Evil',
    });
    const run = 'Software\\Microsoft\\Windows\\CurrentVersion\\Run';
    assert.deepEqual(registry(`HKCU:\\${run}\\"Updater"`), {
      path: `HKCU\\${run}\\"Updater"`,
      hive: 'HKCU',
      key: run,
      value: '"Updater"',
    });
    assert.deepEqual(registry(`HKLM\\${run}`), { path: `HKLM\\${run}`, hive: 'HKLM', key: run });
    assert.deepEqual(registry('HKLM\\SYSTEM\\CurrentControlSet\\Services\\evil\\ImagePath'), {
      path: 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\evil\\ImagePath',
      hive: 'HKLM',
      key: 'SYSTEM\\CurrentControlSet\\Services\\evil',
      value: 'ImagePath',
    });
    assert.deepEqual(registry('Software\\Evil'), { path: 'Software\\Evil', key: 'Software\\Evil' });
    assert.deepEqual(registry('HKU'), { path: 'HKU', hive: 'HKU' });
  });

  it('of a URL: as the source wrote it beside the canonical one, and the domain that somebody registered', () => {
    const url = (text: string) => indicatorOf({ indicator: text, type: 'url' }).url as Record<string, unknown>;
    const told = url('hxxp://WWW.Files.Shop.CO.UK:80/A%2fb?q=1"2');
    assert.equal(told.full, 'http://www.files.shop.co.uk/A%2Fb?q=1%222');
    assert.equal(told.original, 'hxxp://WWW.Files.Shop.CO.UK:80/A%2fb?q=1"2');
    assert.equal(told.registered_domain, 'shop.co.uk');
    assert.equal(url('http://evil.github.io/x').registered_domain, 'evil.github.io');
    assert.equal(url('http://evil.github.io/x').original, 'http://evil.github.io/x');
    for (const address of ['http://9.9.9.9/x', 'http://[2620:fe::9]:80/x'])
      assert.equal(url(address).registered_domain, undefined, address);
  });

  it('of a domain: the domain that somebody registered', () => {
    const url = (text: string) => indicatorOf({ indicator: text, type: 'domain' }).url;
    assert.deepEqual(url('a.b.evil.com.br'), { domain: 'a.b.evil.com.br', registered_domain: 'evil.com.br' });
    assert.deepEqual(url('co.uk'), { domain: 'co.uk' });
  });

  it('of a file: name, size and type with all hashes that its source knows', () => {
    const file = {
      name: 'a "b".exe',
      size: 70,
      type: 'application/x-dosexec',
      hashes: { md5: MD5, sha256: SHA256, imphash: IMPHASH },
    };
    const { current, history } = take({ indicator: MD5, file });
    const expected = {
      hash: { md5: MD5, sha256: SHA256 },
      pe: { imphash: IMPHASH },
      name: 'a "b".exe',
      size: 70,
      mime_type: 'application/x-dosexec',
    };
    assert.deepEqual(current.threat.indicator.file, expected);
    assert.deepEqual(history.threat.indicator.file, expected);
    assert.deepEqual(current.related, { hash: [MD5, SHA256, IMPHASH] });
    assert.deepEqual(
      indicatorOf({ indicator: IMPHASH, type: 'imphash', file: { hashes: { sha1: SHA1 }, type: 'PE32' } }).file,
      {
        hash: { sha1: SHA1 },
        pe: { imphash: IMPHASH },
        type: 'PE32',
      },
    );
    assert.deepEqual(indicatorOf({ indicator: SHA1 }).file, { hash: { sha1: SHA1 } });
  });

  it('port, sightings and ids when they are known, and not otherwise', () => {
    const { current, history } = take({
      indicator: '9.9.9.9',
      ref: 'r',
      object_id: 'o"1',
      event_id: 'e-1',
      port: 8443,
      sightings: 12,
    });
    for (const document of [current, history]) {
      const { id, port, sightings } = document.threat.indicator;
      assert.deepEqual({ id, port, sightings }, { id: ['o"1'], port: 8443, sightings: 12 });
      assert.equal((document.event as { id?: string }).id, 'e-1');
    }
    assert.deepEqual(indicatorOf({ indicator: '9.9.9.9', ref: 'indicator--1' }).id, ['indicator--1']);
    const bare = take({ indicator: '9.9.9.9' });
    for (const key of ['id', 'port', 'sightings']) assert.ok(!(key in bare.current.threat.indicator), key);
    assert.ok(!('id' in bare.current.event) && !('id' in bare.history.event));
  });
});
