import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostsFileRecords } from '../../../ingest/formats/hosts-file.ts';
import { named, readDocument } from './reading.ts';

test('names behind an address that leads nowhere, several in a line, with comments and without the names of the machine itself', async () => {
  const { records, skipped } = await readDocument(
    hostsFileRecords,
    [
      '# a comment',
      '127.0.0.1\tlocalhost localhost.localdomain',
      '::1 ip6-localhost ip6-loopback',
      'fe80::1%lo0 localhost',
      '255.255.255.255 broadcasthost',
      '0.0.0.0 0.0.0.0',
      '0.0.0.0 evil.example',
      '127.0.0.1   a.example b.example # why',
      '::1 c.example',
      ':: d.example#e.example',
      '192.0.2.1 intranet.example',
      '0.0.0.0',
      '0.0.0.0 printer 192.0.2.9 F.EXAMPLE',
      'evil.example 0.0.0.0',
      '',
      '  0.0.0.0 last.example',
    ].join('\r\n'),
  );
  assert.deepEqual(named(records), [
    'domain evil.example',
    'domain a.example',
    'domain b.example',
    'domain c.example',
    'domain d.example',
    'domain F.EXAMPLE',
    'domain last.example',
  ]);
  assert.deepEqual(skipped, [
    '11: 192.0.2.1 is no address that blocks: 0.0.0.0, 127.0.0.0/8, :: or ::1 is',
    '12: an address without a name',
    '13: printer is no domain',
    '13: 192.0.2.9 is no domain',
  ]);
});
