import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { HardLimit } from './hard-limit.ts';

/** The ingest process as npm starts it, under a hard limit. */
export interface Subject {
  /** Resolves when it has ended. */
  readonly ended: Promise<SubjectEnd>;
  /** SIGTERM. */
  stop(): void;
  readonly running: boolean;
}

export interface SubjectEnd {
  /** Exit code, or the signal that ended it. */
  code: number | string;
  stdout: string;
  /** Where its log is. */
  log: string;
  seconds: number;
  /** Peak of its resident memory, bytes; CPU seconds of all its threads. */
  rss: number;
  cpu: number;
}

const COMMAND = [process.execPath, '--max-semi-space-size=16', 'cli/main.ts'];
/** Both figures only rise, so that a look before the end is off by what came in between at most. */
const LOOK_MS = 25;

export function startSubject(args: readonly string[], limit: HardLimit, log: string): Subject {
  const [program = '', ...rest] = limit.around([...COMMAND, ...args]);
  const started = performance.now();
  const file = openSync(log, 'w');
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', file] });
  closeSync(file);
  let stdout = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const seen = { rss: 0, cpu: 0 };
  const looking = setInterval(() => look(child, seen), LOOK_MS);

  async function untilEnd(): Promise<SubjectEnd> {
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    clearInterval(looking);
    return { code: signal ?? code ?? -1, stdout, log, seconds: (performance.now() - started) / 1000, ...seen };
  }

  return {
    ended: untilEnd(),
    stop: () => child.kill('SIGTERM'),
    get running() {
      return child.exitCode === null && child.signalCode === null;
    },
  };
}

/** Clock ticks a second, of Linux on every common machine. */
const TICKS = 100;

function look({ pid }: ChildProcess, seen: { rss: number; cpu: number }): void {
  try {
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    if (peak !== undefined) seen.rss = Math.max(seen.rss, Number(peak) * 1024);
    // behind the name, which may hold blanks: user and system time are the 12th and 13th field there
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    seen.cpu = Math.max(seen.cpu, (Number(fields[11]) + Number(fields[12])) / TICKS);
  } catch {
    // it has just ended
  }
}
