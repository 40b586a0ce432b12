import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { holdDataFolder } from '../../../core/process/data-folder.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-folder-'));
after(() => rm(folder, { recursive: true }));

const source = join(import.meta.dirname, '../../../core/process/data-folder.ts');

/** A process that holds `data` until it is killed. */
async function holder(data: string): Promise<{ pid: number; kill(): Promise<void> }> {
  const script = `
    import { holdDataFolder } from ${JSON.stringify(source)};
    holdDataFolder(${JSON.stringify(data)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

describe('holdDataFolder', () => {
  it('gives the folder to one holder at a time', () => {
    const data = join(folder, 'a', 'b');
    const release = holdDataFolder(data);
    assert.throws(() => holdDataFolder(data), { code: 'DATA_FOLDER_HELD', retryable: false });
    release();
    release();
    holdDataFolder(data)();
  });

  it('names the process that holds it', async () => {
    const data = join(folder, 'named');
    const other = await holder(data);
    assert.throws(() => holdDataFolder(data), {
      code: 'DATA_FOLDER_HELD',
      message: new RegExp(`in use by process ${other.pid} on .*, started 20`),
    });
    await other.kill();
  });

  it('is free again when its holder was killed, and the new holder can be named', async () => {
    const data = join(folder, 'killed');
    const other = await holder(data);
    await other.kill();
    const release = holdDataFolder(data);
    assert.throws(() => holdDataFolder(data), { message: new RegExp(`process ${process.pid} `) });
    release();
  });

  it('says when the folder cannot be made', () => {
    writeFileSync(join(folder, 'file'), '');
    assert.throws(() => holdDataFolder(join(folder, 'file', 'data')), { code: 'DATABASE_CANNOT_OPEN' });
  });
});
