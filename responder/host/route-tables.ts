import { spawn } from 'node:child_process';
import { parseIp } from '../../core/indicator/address.ts';

/** Runs `ip` with these arguments; undefined when it is not there, fails, takes too long or says too much. */
export type RunIp = (args: readonly string[]) => Promise<string | undefined>;

const PROGRAM = 'ip';
const TIMEOUT = 5000;
/** A router with all routes of the internet says more than is worth reading every minute; /proc has its main table. */
const MOST_OUTPUT = 32 * 1024 ** 2;

/** No shell, a fixed PATH, as with nft; iproute2 and busybox take the same arguments. */
export const runIp: RunIp = (args) =>
  new Promise((resolve) => {
    const give = (text?: string): void => resolve(text);
    let child: ReturnType<typeof start>;
    try {
      child = start(args);
    } catch {
      return give();
    }
    child.on('error', () => give());
    if (child.pid === undefined) return;
    const chunks: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT);
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_OUTPUT) child.kill('SIGKILL');
      else chunks.push(chunk);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      give(code === 0 ? Buffer.concat(chunks).toString() : undefined);
    });
  });

function start(args: readonly string[]) {
  return spawn(PROGRAM, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
  });
}

/** Tables change seldom, and reading them may cost something. */
const EVERY = 60_000;

const QUESTIONS: readonly (readonly string[])[] = [
  ['-4', 'route', 'show', 'table', 'all'],
  ['-6', 'route', 'show', 'table', 'all'],
  ['nexthop', 'show'],
];

/**
 * Next hops of all routing tables, of routes with several of them too. `/proc/net/route` has neither: it shows the main table, and one
 * hop of each route. Empty where there is no `ip`; then what /proc gives has to do.
 */
export function createRouteTables(run: RunIp = runIp): (now: number) => Promise<Uint8Array[]> {
  let known: Uint8Array[] = [];
  let at = Number.NEGATIVE_INFINITY;
  return async (now) => {
    if (now - at < EVERY) return known;
    at = now;
    const texts = await Promise.all(QUESTIONS.map((args) => run(args)));
    // an answer that does not come takes no protection away
    if (texts.some((text) => text !== undefined)) known = texts.flatMap((text) => nextHopsIn(text ?? ''));
    return known;
  };
}

/** Every `via` of ip-route(8), with the family that stands before it when it is another one than the route's. */
export function nextHopsIn(text: string): Uint8Array[] {
  const hops = new Map<string, Uint8Array>();
  for (const [, address = ''] of text.matchAll(/\bvia (?:inet6? )?([0-9a-fA-F.:]{3,45})/g)) {
    const bytes = parseIp(address);
    if (bytes !== undefined) hops.set(address, bytes);
  }
  return [...hops.values()];
}
