import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { runCommand } from '../services/command.ts';
import { requirePrograms } from '../services/debian.ts';

it('on a full disk nothing is taken in, what takes things away works, and all goes on by itself', {
  timeout: 240_000,
}, async () => {
  requirePrograms('unshare');
  const folder = mkdtempSync(join(tmpdir(), 'tipline-full-'));
  try {
    const { code, stdout, stderr } = await runCommand([
      ...['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c'],
      'mount -t tmpfs -o size=96m none "$1" && TMPDIR="$1" exec "$2" "$3"',
      ...['sh', folder, process.execPath, join(import.meta.dirname, 'full-disk-stand.ts')],
    ]);
    assert.equal(code, 0, stderr);
    const said = JSON.parse(stdout) as Record<string, string | number | boolean>;
    assert.equal(said.reserve, 8);
    assert.equal(said.low, 'down nothing is taken in until there is more; free some, or shorten retention');
    assert.deepEqual([said.posted, said.taken, said.free], [503, 'none', 0]);
    assert.match(String(said.unblock), /^0 45\.155\.204\.20 is lifted/);
    assert.match(String(said.unblockAgain), /^0 45\.155\.204\.21 is lifted/);
    assert.match(String(said.release), /^0 .*released/s);
    assert.match(String(said.allow), /^0 allowed: ip 45\.155\.204\.22; enrichment has taken it up$/);
    assert.equal(said.blocks, '');
    assert.deepEqual(
      [said.allowed, said.after, said.list, said.refilled, said.running],
      [true, true, true, true, true],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
