import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Socket } from './sockets.ts';

/** As the kernel names their processes; a session has one of its own. */
const SERVERS: ReadonlySet<string> = new Set(['sshd', 'sshd-session', 'sshd-auth', 'dropbear']);

/** Where it listens unless somebody says otherwise. */
const USUAL_PORT = 22;

/**
 * Ports of the SSH servers of this machine: those on which one of their processes listens or has been given a connection (systemd may
 * listen for it), those that sshd_config(5) names, and 22. Which process has a socket is told to root alone, so without that right the
 * configuration has to do.
 */
export async function sshPorts(proc: string, etc: string, sockets: readonly Socket[]): Promise<Set<number>> {
  const [held, configured] = await Promise.all([socketsOfServers(proc), configuredPorts(etc)]);
  const ports = new Set([USUAL_PORT, ...configured]);
  const listening = new Set(sockets.filter(({ state }) => state === 'listening').map(({ port }) => port));
  // what a session connects to for its user has a port on which nobody listens
  for (const { inode, port } of sockets) if (held.has(inode) && listening.has(port)) ports.add(port);
  return ports;
}

/** Inodes of the sockets of all processes that are an SSH server. Anybody may name a process so: those of root count, and our own. */
async function socketsOfServers(proc: string): Promise<Set<string>> {
  const held = new Set<string>();
  for (const pid of await names(proc)) {
    if (!/^\d+$/.test(pid)) continue;
    const folder = join(proc, pid);
    const comm = (await readFile(join(folder, 'comm'), 'utf8').catch(() => '')).trim();
    if (!SERVERS.has(comm)) continue;
    const owner = await stat(folder).then(
      ({ uid }) => uid,
      () => undefined,
    );
    if (owner !== 0 && owner !== process.getuid?.()) continue;
    for (const fd of await names(join(folder, 'fd'))) held.add(await socketAt(join(folder, 'fd', fd)));
  }
  held.delete('');
  return held;
}

/** The inode of the socket that a file descriptor is; empty when it is something else. */
async function socketAt(path: string): Promise<string> {
  const target = await readlink(path).catch(() => '');
  return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '';
}

async function configuredPorts(etc: string): Promise<number[]> {
  const folder = join(etc, 'ssh/sshd_config.d');
  const parts = (await names(folder)).filter((name) => name.endsWith('.conf')).map((name) => join(folder, name));
  const texts = await Promise.all(
    [join(etc, 'ssh/sshd_config'), ...parts].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  return texts.flatMap(portsIn);
}

/** `Port 2222` and the ports of `ListenAddress 192.0.2.1:2222`, `[2001:db8::1]:2222`; sshd_config(5). */
export function portsIn(config: string): number[] {
  return config.split('\n').flatMap((line) => {
    const [, key = '', value = ''] = /^\s*(\w+)[\s=]+"?([^\s"#]+)/.exec(line) ?? [];
    const text =
      key.toLowerCase() === 'port'
        ? value
        : key.toLowerCase() === 'listenaddress'
          ? /^(?:\[[^\]]*\]|[^:]*):(\d+)$/.exec(value)?.[1]
          : undefined;
    const port = text !== undefined && /^\d{1,5}$/.test(text) ? Number(text) : 0;
    return port > 0 && port <= 65_535 ? [port] : [];
  });
}

async function names(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}
