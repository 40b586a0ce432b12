import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** How many file descriptors this process may have open; undefined where the system does not say. */
export function descriptorLimit(): number | undefined {
  try {
    // process.report knows it too, but gathers everything else first
    const told = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
    return told === undefined ? undefined : Number(told);
  } catch {
    return undefined;
  }
}

/** How many descriptors clients may take when `keptBack` are meant for others: files, databases, connections of our own. With few in all it is less. */
export function openToClients(limit: number | undefined, keptBack: number): number {
  return limit === undefined
    ? Number.POSITIVE_INFINITY
    : limit - Math.min(keptBack, Math.ceil((limit * keptBack) / 256));
}

/**
 * The number of a socket's descriptor, -1 where it has none. The kernel always gives the lowest that is free (POSIX, accept), so it tells how
 * many are in use at least, for nothing.
 */
export function descriptorOf(socket: Socket): number {
  const { _handle } = socket as { _handle?: { fd?: unknown } | null };
  return typeof _handle?.fd === 'number' ? _handle.fd : -1;
}
