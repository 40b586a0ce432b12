import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { placeOf } from '../../../ingest/fetch/reach.ts';
import { runCommand } from '../../services/command.ts';
import { requirePrograms } from '../../services/debian.ts';

const HOSTS = `127.0.0.1 localhost
9.9.9.9 public.example
9.9.9.10 other.example
10.1.2.3 inside.example
169.254.169.254 metadata.example
9.9.9.10 mixed.example
127.0.0.1 mixed.example
`;

test('a source on the internet leads to nothing that is not there', async () => {
  requirePrograms('unshare', 'ip');
  const folder = mkdtempSync(join(tmpdir(), 'tipline-reach-'));
  try {
    const hosts = join(folder, 'hosts');
    writeFileSync(hosts, HOSTS);
    const addresses = ['9.9.9.9', '9.9.9.10', '10.1.2.3', '10.1.2.4', '169.254.169.254', '100.64.0.1'];
    const { code, stdout, stderr } = await runCommand([
      ...['unshare', '--user', '--map-root-user', '--mount', '--net', 'sh', '-c'],
      `mount --bind "$1" /etc/hosts && ip link set lo up && ${addresses.map((each) => `ip addr add ${each}/32 dev lo`).join(' && ')} && exec "$2" "$3"`,
      ...['sh', hosts, process.execPath, join(import.meta.dirname, 'reach-stand.ts')],
    ]);
    assert.equal(code, 0, stderr);
    const said = Object.entries(JSON.parse(stdout) as Record<string, string>);
    const ways = said.filter(([name]) => /^(redirected|told) (to|of) /.test(name));
    assert.equal(ways.length, 28);
    for (const [name, got] of ways) assert.equal(got, 'FEED_PRIVATE_ADDRESS', name);
    assert.deepEqual(Object.fromEntries(said.filter((each) => !ways.includes(each))), {
      'redirected within the internet': 'list of 9.9.9.10',
      allowed: 'list of 127.0.0.1',
      'written down': 'list of 127.0.0.1',
      'written down by name': 'list of 10.1.2.3',
      'from inside to inside': 'list of 10.1.2.4',
      'from inside to metadata': 'FEED_PRIVATE_ADDRESS',
      'name of the metadata, written down': 'FEED_PRIVATE_ADDRESS',
      'through a proxy inside': 'list of the proxy',
      'through a proxy to an address inside': 'FEED_PRIVATE_ADDRESS',
      'before the name moved': 'list of 9.9.9.9',
      'after the name moved': 'FEED_PRIVATE_ADDRESS',
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('where an address is', () => {
  const places = {
    internet: ['8.8.8.8', '2606:4700::1', '::ffff:8.8.8.8', '64:ff9b::808:808', '2002:808:808::1'],
    inside: [
      '127.0.0.1',
      '10.0.0.1',
      '100.64.0.1',
      '::1',
      'fd00::1',
      '0.0.0.0',
      '::ffff:10.0.0.1',
      '64:ff9b::a00:1',
      '2002:a00:1::',
    ],
    metadata: [
      '169.254.169.254',
      'fe80::1',
      'fe80::1%eth0',
      'fd00:ec2::254',
      '168.63.129.16',
      '64:ff9b::a9fe:a9fe',
      'no address',
    ],
  } as const;
  for (const [place, addresses] of Object.entries(places))
    for (const address of addresses) assert.equal(placeOf(address), place, address);
});
