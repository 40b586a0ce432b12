import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A process that does numbered work and says on a line of its own how far it has been acknowledged. */
export interface CountingProcess {
  child: ChildProcess;
  /** Resolves when the process has ended. */
  ended: Promise<unknown>;
  /** Number of the last piece of work that was acknowledged; -1 = none. */
  acknowledged(): number;
}

/** Starts `script DATA FROM TO BATCH` with this Node. */
export function startCounting(
  script: string,
  work: { data: string; from: number; to: number; batch: number },
): CountingProcess {
  const { data, from, to, batch } = work;
  const child = spawn(process.execPath, [script, data, String(from), String(to), String(batch)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (chunk) => {
    text += String(chunk);
  });
  // A line that was cut by the end of the process is no number.
  const lines = (): string[] => text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
  return { child, ended: once(child, 'close'), acknowledged: () => Number(lines().at(-2) ?? -1) };
}
