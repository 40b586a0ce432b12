import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { runCommand } from '../../services/command.ts';
import { requirePrograms } from '../../services/debian.ts';

it('a disk that is full at the start is waited for, as while it runs', async () => {
  requirePrograms('unshare');
  const folder = mkdtempSync(join(tmpdir(), 'tipline-full-'));
  try {
    // a file system that nobody else sees, gone with its program
    const { code, stdout, stderr } = await runCommand([
      ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'],
      'mount -t tmpfs -o size=48m,mode=0700 none "$1" && exec "$2" "$3" "$1"',
      ...['sh', folder, process.execPath, join(import.meta.dirname, 'full-disk-stand.ts')],
    ]);
    assert.equal(code, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), { waited: true, started: true, code: 0 }, stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
