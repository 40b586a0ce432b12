import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, relative, resolve } from 'node:path';
import { tiedToUs } from './command.ts';

/** One test may take this long: fault tests restart servers. */
const TEST_TIMEOUT = 180_000;

/**
 * - apart: each file in a process of its own, two at a time;
 * - together: all files in one process, which loads what they share once.
 */
export type Isolation = 'apart' | 'together';

export interface TestProcess {
  /** Exit code; 1 when a signal ended it. */
  readonly ended: Promise<number>;
  /** Node's runner then names the unfinished tests and ends; a test that holds it up is not waited for long. */
  interrupt(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void;
}

/** Node's own runner over files (absolute paths), with what we report beside. */
export function startTests(files: readonly string[], isolation: Isolation, options: readonly string[]): TestProcess {
  const root = resolve(import.meta.dirname, '../..');
  const [program = '', ...args] = tiedToUs('TERM', [
    process.execPath,
    '--test',
    isolation === 'together' ? '--test-isolation=none' : '--test-concurrency=2',
    `--test-timeout=${TEST_TIMEOUT}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(import.meta.dirname, 'no-skips.ts')}`,
    '--test-reporter-destination=stderr',
    `--test-reporter=${join(import.meta.dirname, 'slowest.ts')}`,
    '--test-reporter-destination=stdout',
    ...options,
    ...files.map((file) => relative(root, file)),
  ]);
  // A group of its own: one Ctrl-C reaches it once, through us, and nothing of it is left when it has ended.
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  return {
    ended: once(child, 'exit').then(([code]) => {
      killGroup(child);
      return typeof code === 'number' ? code : 1;
    }),
    interrupt(signal) {
      child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
      setTimeout(() => killGroup(child), 15_000).unref();
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // nobody of the group is left
  }
}
