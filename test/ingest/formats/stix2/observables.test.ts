import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { indicator, object, read, readOne, type StixObject, uuid } from './bundle.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

async function valuesOf(...objects: readonly StixObject[]): Promise<(readonly [string | undefined, string])[]> {
  return (await read(objects)).records.map(({ type, indicator: value }) => [type, value] as const);
}

describe('STIX 2 observables', () => {
  it('are told by their value, each type of them', async () => {
    for (const [type, fields, expected] of [
      ['ipv4-addr', { value: '192.0.2.1' }, [['ip', '192.0.2.1']]],
      ['ipv4-addr', { value: '192.0.2.0/24' }, [['cidr', '192.0.2.0/24']]],
      ['ipv6-addr', { value: '2001:db8::1' }, [['ip', '2001:db8::1']]],
      ['domain-name', { value: 'a.example.org' }, [['domain', 'a.example.org']]],
      ['hostname', { value: 'b.example.org' }, [['domain', 'b.example.org']]],
      ['url', { value: 'https://a.example.org/x' }, [['url', 'https://a.example.org/x']]],
      ['email-addr', { value: 'a@example.org' }, [['email', 'a@example.org']]],
      ['mac-addr', { value: '02:00:5e:00:53:01' }, [['mac', '02:00:5e:00:53:01']]],
      ['mutex', { name: 'Global\\x' }, [['mutex', 'Global\\x']]],
      ['windows-registry-key', { key: 'HKLM\\Software\\X' }, [['registry', 'HKLM\\Software\\X']]],
      ['autonomous-system', { number: 64500 }, [['asn', '64500']]],
      ['artifact', { hashes: { MD5 } }, [['md5', MD5]]],
      ['x509-certificate', { hashes: { 'SHA-256': SHA256 }, serial_number: '17' }, [['x509', SHA256]]],
      ['x509-certificate', { serial_number: '36:f7:d4' }, [['x509', '36:f7:d4']]],
    ] as const) {
      assert.deepEqual(await valuesOf(object(type, 1, fields)), expected, type);
    }
    const file = object('file', 1, {
      hashes: { MD5, 'sha-256': SHA256, 'SHA3-256': 'x' },
      extensions: { 'windows-pebinary-ext': { imphash: MD5 } },
    });
    assert.deepEqual(await valuesOf(file), [
      ['md5', MD5],
      ['sha256', SHA256],
      ['imphash', MD5],
    ]);
  });

  it('of one file tell all its hashes, name, size and type', async () => {
    const { records } = await read([
      object('file', 1, { hashes: { MD5, 'SHA-256': SHA256 }, name: 'a.exe', size: 7, mime_type: 'text/plain' }),
    ]);
    const file = { name: 'a.exe', size: 7, type: 'text/plain', hashes: { md5: MD5, sha256: SHA256 } };
    assert.deepEqual(
      records.map(({ type, file: known }) => [type, known]),
      [
        ['md5', file],
        ['sha256', file],
      ],
    );
  });

  it('are tagged, and have no confidence but their own', async () => {
    const record = await readOne(object('domain-name', 1, { value: 'a.example.org', x_opencti_score: 60 }));
    assert.deepEqual(record, {
      indicator: 'a.example.org',
      type: 'domain',
      ref: uuid('domain-name', 1),
      severity: 60,
      tags: ['observable'],
      event_id: uuid('bundle', 0),
    });
  });

  it('are not told when an indicator has the value, however it writes it', async () => {
    const domain = object('domain-name', 1, { value: 'BAD.example.org' });
    for (const objects of [
      [domain, indicator()],
      [indicator(), domain],
    ]) {
      const record = await readOne(...objects);
      assert.equal(record.ref, uuid('indicator', 1));
    }
    const pattern = `[file:hashes.MD5 = '${MD5}']`;
    const file = object('file', 1, { hashes: { MD5, 'SHA-256': SHA256 } });
    const { records } = await read([file, indicator({ pattern })]);
    assert.deepEqual(
      records.map(({ type, tags }) => [type, tags]),
      [
        ['md5', undefined],
        ['sha256', ['observable']],
      ],
      'the other hash of the file is not covered',
    );
  });

  it('that a composite pattern covers do not come to stand alone by that', async () => {
    const pattern = "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 443]";
    const record = await readOne(indicator({ pattern }), object('ipv4-addr', 1, { value: '192.0.2.1' }));
    assert.equal(record.composite, true);
  });

  it('that were only observed, or are only a part, have no confidence, not even that of the feed', async () => {
    const address = object('ipv4-addr', 1, { value: '192.0.2.1' });
    const traffic = object('network-traffic', 1, { src_ref: address.id, protocols: ['tcp'] });
    assert.equal((await readOne(address)).confidence, undefined);
    assert.equal((await readOne(address, traffic)).confidence, 0);
    assert.equal((await readOne(traffic, { ...address, confidence: 40 })).confidence, 40);
    const observed = object('observed-data', 1, {
      modified: '2026-03-05T00:00:00Z',
      first_observed: '2026-03-01T00:00:00Z',
      last_observed: '2026-03-04T00:00:00Z',
      number_observed: 2,
      object_refs: [address.id],
    });
    assert.deepEqual(await readOne(observed, address), {
      indicator: '192.0.2.1',
      type: 'ip',
      ref: address.id,
      timestamp: '2026-03-05T00:00:00Z',
      first_seen: '2026-03-01T00:00:00Z',
      last_seen: '2026-03-04T00:00:00Z',
      confidence: 0,
      tags: ['observable'],
      event_id: uuid('bundle', 0),
      context: { observed_data: observed.id },
    });
  });

  it('inside the observations of STIX 2.0 are told once a value', async () => {
    const observed = (number: number, fields: Record<string, unknown>) =>
      object('observed-data', number, {
        objects: { '0': { type: 'ipv4-addr', value: '192.0.2.1' }, '1': { type: 'file', name: 'x' } },
        ...fields,
      });
    const record = await readOne(
      observed(1, { modified: '2026-03-02T00:00:00Z', last_observed: '2026-03-09T00:00:00Z' }),
      observed(2, { modified: '2026-03-03T00:00:00Z', last_observed: '2026-03-08T00:00:00Z' }),
    );
    assert.equal(record.ref, uuid('observed-data', 2), 'the later statement');
    assert.equal(record.timestamp, '2026-03-03T00:00:00Z');
    assert.equal(record.last_seen, '2026-03-09T00:00:00Z');
    assert.equal(record.first_seen, '2026-03-08T00:00:00Z');
    assert.equal(record.confidence, 0);
  });

  it('that are samples of malware bear its name', async () => {
    const file = object('file', 1, { hashes: { MD5 } });
    const malware = object('malware', 1, { name: 'Botty', is_family: false, sample_refs: [file.id] });
    const record = await readOne(malware, file);
    assert.deepEqual(record.malware, ['Botty']);
    assert.equal(record.confidence, undefined);
  });

  it('can be left out', async () => {
    const { records } = await read([object('domain-name', 1, { value: 'a.example.org' }), indicator({}, 2)], {
      observables: false,
    });
    assert.deepEqual(
      records.map(({ ref }) => ref),
      [uuid('indicator', 2)],
    );
  });
});
