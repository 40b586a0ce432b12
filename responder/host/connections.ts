import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Socket } from './sockets.ts';
import { socketAt } from './sshd.ts';

/** How long an address stays spared after the last connection to it. */
const REMEMBERED = 3_600_000;
const MOST_REMEMBERED = 10_000;

/** Whom this process has connected to: brokers that Kafka named, API roots, where a redirect led. */
export interface Connections {
  update(sockets: readonly Socket[], now: number): Promise<Uint8Array[]>;
}

/** @param fds the folder of this process's file descriptors, `/proc/self/fd` */
export function createConnections(fds: string): Connections {
  const seen = new Map<string, { peer: Uint8Array; at: number }>();
  return {
    async update(sockets, now) {
      const names = await readdir(fds).catch(() => []);
      const own = new Set(await Promise.all(names.map((fd) => socketAt(join(fds, fd)))));
      const listening = new Set(sockets.filter(({ state }) => state === 'listening').map(({ port }) => port));
      for (const { state, port, peer, inode } of sockets) {
        // who has connected to us is nobody that we work with
        if (state !== 'established' || peer === undefined || !own.has(inode) || listening.has(port)) continue;
        const key = Buffer.from(peer).toString('hex');
        seen.delete(key);
        seen.set(key, { peer, at: now });
      }
      for (const [key, { at }] of seen) {
        if (now - at <= REMEMBERED && seen.size <= MOST_REMEMBERED) break;
        seen.delete(key);
      }
      return [...seen.values()].map(({ peer }) => peer);
    },
  };
}
