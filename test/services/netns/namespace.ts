import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync } from 'node:fs';
import { searchPath } from '../command.ts';

/** A namespace that this process keeps alive by holding it open. */
export interface Pin {
  fd: number;
  /** For nsenter: valid for every program we start, until `release` or our own end. */
  path: string;
  release(): void;
}

/** A network namespace of our own making, and how to run a program in it. */
export interface Namespace extends Pin {
  /** The argv that runs this argv inside. */
  command(argv: readonly string[]): string[];
}

/**
 * Makes network namespaces. They have no name on this machine, so runs side by side cannot meet, and the kernel
 * removes them, with devices and rules, when nobody holds them open: also after a crash or SIGKILL.
 * Without root they live in a user namespace in which we are root; where the machine forbids that, this throws.
 */
export async function makeNamespaces(count: number): Promise<Namespace[]> {
  const owner = process.getuid?.() === 0 ? undefined : await pin(['unshare', '--user', '--map-root-user'], 'user');
  const enter = owner === undefined ? [] : ['nsenter', `--user=${owner.path}`, '--preserve-credentials'];
  const made: Namespace[] = [];
  for (let i = 0; i < count; i += 1) {
    const net = await pin([...enter, 'unshare', '--net'], 'net');
    refuseHostNamespace(net.path);
    const join = owner === undefined ? ['nsenter', `--net=${net.path}`] : [...enter, `--net=${net.path}`];
    made.push({
      fd: net.fd,
      path: net.path,
      command: (argv) => [...join, '--', ...argv],
      release: () => {
        net.release();
        if (i === 0) owner?.release();
      },
    });
  }
  return made;
}

/** Throws when this is the network that we, or the whole machine, live in: nothing of it may be touched. */
export function refuseHostNamespace(path: string): void {
  const { ino, dev } = statSync(path);
  for (const host of ['/proc/self/ns/net', '/proc/1/ns/net']) {
    try {
      const its = statSync(host);
      if (its.ino !== ino || its.dev !== dev) continue;
    } catch {
      continue; // another user's process 1 is not ours to look at
    }
    throw new Error(`refusing to use ${path}: it is the machine's own network namespace`);
  }
}

/** Starts a program that only waits, behind `unshare`, and opens the namespace it is in; then it may go. */
async function pin(unshare: readonly string[], kind: 'net' | 'user'): Promise<Pin> {
  const [program = '', ...args] = [...unshare, 'sh', '-c', 'echo ready && exec cat'];
  const holder = spawn(program, args, { stdio: 'pipe', env: { ...process.env, PATH: searchPath } });
  await firstLine(holder, unshare.join(' '));
  const fd = openSync(`/proc/${holder.pid}/ns/${kind}`, 'r');
  const ended = once(holder, 'exit');
  holder.stdin.end();
  await ended;
  return { fd, path: `/proc/${process.pid}/fd/${fd}`, release: () => closeSync(fd) };
}

/** Waits until a program said "ready", else throws with what it complained about. */
export function firstLine(child: ChildProcess, what: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint += chunk.toString();
  });
  child.stdout?.once('data', () => resolve());
  child.once('error', reject);
  child.once('close', (code) => {
    reject(
      new Error(
        `"${what}" ended with ${code}: ${complaint.trim() || 'no message'}. ` +
          'Network tests need root, or a kernel that lets users make user namespaces ' +
          '(kernel.unprivileged_userns_clone=1, no seccomp or AppArmor rule against it)',
      ),
    );
  });
  return promise;
}
