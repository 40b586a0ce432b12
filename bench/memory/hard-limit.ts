import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Holds a process to so much memory: the kernel ends it when it takes more. */
export interface HardLimit {
  /** What holds it, for the table. */
  readonly kind: string;
  /** The command, to be run under the limit. */
  around(argv: readonly string[]): string[];
  /** How often the kernel killed something under this limit; undefined where it does not say. */
  kills(): number | undefined;
  remove(): void;
}

/**
 * A control group below our own, so that whatever already holds us holds the subject as well. A limit on the address space or on the data segment
 * (ulimit -v, -d) is no substitute: V8 reserves far more of both than it ever uses, and does not start below that.
 */
export function hardLimit(bytes: number): HardLimit {
  return firstVersion(bytes) ?? secondVersion(bytes) ?? noLimit();
}

const ROOT = '/sys/fs/cgroup';

function firstVersion(bytes: number): HardLimit | undefined {
  const own = ownGroup((controllers) => controllers.split(',').includes('memory'));
  if (own === undefined) return undefined;
  return group(join(ROOT, 'memory', own), `cgroup v1`, (folder) => {
    writeFileSync(join(folder, 'memory.limit_in_bytes'), String(bytes));
    // without it what is above the limit would be swapped out instead
    const both = join(folder, 'memory.memsw.limit_in_bytes');
    if (existsSync(both)) writeFileSync(both, String(bytes));
    return () => numberIn(join(folder, 'memory.oom_control'), /^oom_kill (\d+)$/m);
  });
}

function secondVersion(bytes: number): HardLimit | undefined {
  const own = ownGroup((controllers) => controllers === '');
  if (own === undefined || !existsSync(join(ROOT, 'cgroup.controllers'))) return undefined;
  return group(join(ROOT, own), 'cgroup v2', (folder) => {
    writeFileSync(join(folder, 'memory.max'), String(bytes));
    const swap = join(folder, 'memory.swap.max');
    if (existsSync(swap)) writeFileSync(swap, '0');
    return () => numberIn(join(folder, 'memory.events'), /^oom_kill (\d+)$/m);
  });
}

/** Undefined when this machine does not let us make a group. */
function group(
  around: string,
  kind: string,
  restrict: (folder: string) => () => number | undefined,
): HardLimit | undefined {
  const folder = join(around, `tipline-bench-${process.pid}`);
  try {
    mkdirSync(folder);
  } catch {
    return undefined;
  }
  const remove = (): void => {
    if (existsSync(folder)) rmdirSync(folder);
  };
  try {
    const kills = restrict(folder);
    process.once('exit', remove);
    return {
      kind,
      around: (argv) => ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs'), ...argv],
      kills,
      remove() {
        process.off('exit', remove);
        remove();
      },
    };
  } catch {
    remove();
    return undefined;
  }
}

/** The peak is looked at all the same, and one above the limit is a fault of the run. */
function noLimit(): HardLimit {
  return {
    kind: 'nobody, for no control group can be made here; its peak is judged afterwards',
    around: (argv) => [...argv],
    kills: () => undefined,
    remove() {},
  };
}

function ownGroup(isIt: (controllers: string) => boolean): string | undefined {
  const lines = existsSync('/proc/self/cgroup') ? readFileSync('/proc/self/cgroup', 'utf8').split('\n') : [];
  for (const line of lines) {
    const [, controllers = '', path = ''] = line.split(':');
    if (path !== '' && isIt(controllers)) return path;
  }
  return undefined;
}

function numberIn(path: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(readFileSync(path, 'utf8'))?.[1];
  return found === undefined ? undefined : Number(found);
}
