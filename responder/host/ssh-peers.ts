import type { Socket } from './sockets.ts';

/** Remembers connections between two looks. */
export interface SshPeers {
  /** Addresses to spare, given all connections to the SSH server that are open at `now` (ms of any steady clock). */
  update(connections: readonly Pick<Socket, 'id' | 'peer'>[], now: number): Uint8Array[];
}

/**
 * A connection counts only once it is older than sshd lets a client stay without logging in (`LoginGraceTime`, 120 s
 * by default): else whoever guesses passwords would be spared for as long as he goes on. What is open at the first look
 * counts at once: it may be the operator who has just started the responder, and a guesser is gone two minutes later.
 */
export function createSshPeers(grace = 150_000): SshPeers {
  let since: Map<string, number> | undefined;
  return {
    update(connections, now) {
      const first = since === undefined;
      const before = since ?? new Map<string, number>();
      since = new Map(connections.map(({ id }) => [id, before.get(id) ?? (first ? -Infinity : now)]));
      const seen = since;
      return connections.flatMap(({ id, peer }) =>
        peer !== undefined && now - (seen.get(id) ?? now) >= grace ? [peer] : [],
      );
    },
  };
}
