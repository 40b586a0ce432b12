import type { ChildProcess } from 'node:child_process';
import type { Lab } from '../../e2e/lab.ts';
import { until } from '../../services/wait.ts';

/** A process of tipline that is started again whenever it ends, as a service manager would. */
export interface Player {
  readonly name: string;
  kill(): void;
  pause(): void;
  resume(): void;
  /** SIGTERM, and not started again. Resolves when it has ended. */
  stop(): Promise<void>;
  /** How often it ended by itself with something else than an orderly end, with its last words. */
  readonly crashes: readonly string[];
}

export function cast(lab: Lab, name: string, args: readonly string[]): Player {
  const crashes: string[] = [];
  let child: ChildProcess;
  let stopping = false;
  let ended = false;
  let killed = false;

  const start = (): void => {
    const started = lab.start(['run', ...args]);
    child = started.child;
    killed = false;
    void started.ended.then(({ code, signal, stderr }) => {
      if (!killed && !stopping) crashes.push(`${name} ended with ${code ?? signal}: ${stderr.slice(-600)}`);
      if (stopping) ended = true;
      else setTimeout(start, 200);
    });
  };
  start();
  return {
    name,
    crashes,
    kill() {
      killed = true;
      child.kill('SIGKILL');
    },
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async stop() {
      stopping = true;
      child.kill('SIGCONT');
      child.kill('SIGTERM');
      await until(() => ended, { what: `${name} to end`, timeout: 60_000 });
    },
  };
}
