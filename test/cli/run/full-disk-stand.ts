import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../services/wait.ts';

/** Starts tipline on a disk that is full, makes room when it has said so, and ends it. Run on a small file system of its own: `full-disk-stand.ts FOLDER`. */
const folder = process.argv[2] ?? '.';
const filler = join(folder, 'filler');
mkdirSync(join(folder, 'data'), { mode: 0o700 });
writeFileSync(join(folder, 'tipline.yaml'), 'data: ./data\nhttp: { listen: off }\nlog: info\n');
try {
  writeFileSync(filler, Buffer.alloc(64 * 1024 ** 2));
} catch {
  // until it is full
}
const child = spawn(process.execPath, [join(import.meta.dirname, '../../../cli/main.ts'), 'run', '--json'], {
  cwd: folder,
  stdio: ['ignore', 'ignore', 'pipe'],
});
let said = '';
child.stderr.on('data', (piece: Buffer) => {
  said += piece.toString();
});
let code: number | null | undefined;
child.once('exit', (exit) => {
  code = exit;
});
try {
  await until(() => code !== undefined || /no space left/.test(said), {
    what: 'it to say that the disk is full',
    timeout: 60_000,
  });
  const waited = code === undefined;
  rmSync(filler);
  await until(() => code !== undefined || /tipline starts/.test(said), { what: 'it to start', timeout: 60_000 });
  const started = code === undefined;
  child.kill('SIGTERM');
  await until(() => code !== undefined, { what: 'it to end', timeout: 60_000 });
  process.stdout.write(JSON.stringify({ waited, started, code }));
} finally {
  child.kill('SIGKILL');
  if (code !== 0) process.stderr.write(said);
}
