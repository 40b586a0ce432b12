import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { runCommand } from '../../services/command.ts';
import { requirePrograms } from '../../services/debian.ts';

it('a full disk is told as such by everything that spills, and gives its room back', async () => {
  requirePrograms('unshare');
  const folder = mkdtempSync(join(tmpdir(), 'tipline-full-'));
  try {
    // a file system of half a megabyte that nobody else sees, gone with its program
    const { code, stdout, stderr } = await runCommand([
      ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'],
      'mount -t tmpfs -o size=512k none "$1" && exec "$2" "$3" "$1"',
      ...['sh', folder, process.execPath, join(import.meta.dirname, 'fill-disk.ts')],
    ]);
    assert.equal(code, 0, stderr);
    const said = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(said, [
      { store: 'log', code: 'SPILL_FULL', retryable: true, namesFolder: true },
      { store: 'scatter', code: 'SPILL_FULL', retryable: true, namesFolder: true },
      { store: 'spill', code: 'DATABASE_FULL', retryable: true, namesFolder: true },
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
