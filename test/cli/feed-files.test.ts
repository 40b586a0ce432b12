import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { readSettings } from '../../cli/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-feed-files-'));
after(() => rmSync(folder, { recursive: true }));

/** What becomes of `tls` and `path` in a feed's section. */
function read(section: Readonly<Record<string, unknown>>): { tls?: unknown; path?: unknown } {
  const file = join(folder, 'tipline.yaml');
  // JSON is YAML
  writeFileSync(file, JSON.stringify({ feeds: [{ name: 'list', ...section }] }));
  const [feed] = readSettings(file, {}).feeds;
  return { ...feed?.settings };
}

const LIST = { type: 'http-list', url: 'https://lists.example.org/a' };
const PEM = '-----BEGIN CERTIFICATE-----\nAA//BB/../CC==\n-----END CERTIFICATE-----\n';

describe('files that the section of a feed names', () => {
  it('are told from the folder of the configuration, and nothing else in tls is a file', () => {
    const tls = { ca: './ca.pem', cert: 'c.pem', key: '/keys/c.key', passphrase: 'a//b/../c', server_name: 'lists' };
    assert.deepEqual(read({ ...LIST, tls }).tls, {
      ...tls,
      ca: join(folder, 'ca.pem'),
      cert: join(folder, 'c.pem'),
    });
    const listening = { cert: 's.pem', key: 's.key', client_ca: 'ca.pem' };
    assert.deepEqual(read({ type: 'tcp', tls: listening }).tls, {
      cert: join(folder, 's.pem'),
      key: join(folder, 's.key'),
      client_ca: join(folder, 'ca.pem'),
    });
    assert.deepEqual(read({ type: 'file', path: ['a.json', '/b/*.json'] }).path, [join(folder, 'a.json'), '/b/*.json']);
  });

  it('may stand there themselves', () => {
    const tls = { ca: PEM, cert: PEM, key: PEM };
    assert.deepEqual(read({ ...LIST, tls }).tls, tls);
  });
});
