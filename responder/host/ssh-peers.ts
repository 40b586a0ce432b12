import { formatIp, parseIp } from '../../core/indicator/address.ts';

const ESTABLISHED = '01';

/** One established connection to the SSH server. */
export interface SshConnection {
  /** Names this connection among all: both ends and the socket's inode. */
  readonly id: string;
  readonly peer: Uint8Array;
}

/**
 * Established connections to local `ports`, from `/proc/net/tcp` or `tcp6` (proc(5)). An address is written as 32-bit words
 * in host order; IPv4-mapped peers of a dual-stack server come out as IPv4.
 */
export function sshConnections(table: string, ports: readonly number[]): SshConnection[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', remote = '', state = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      if (state !== ESTABLISHED || !ports.includes(Number.parseInt(local.split(':')[1] ?? '', 16))) return [];
      const peer = addressIn(remote.split(':')[0] ?? '');
      return peer === undefined ? [] : [{ id: `${local} ${remote} ${inode}`, peer }];
    });
}

function addressIn(hex: string): Uint8Array | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return undefined;
  const bytes = Buffer.from(hex, 'hex').swap32();
  // through the parser, which folds IPv4-mapped addresses into IPv4
  return parseIp(formatIp(new Uint8Array(bytes)));
}

/** Remembers connections between two looks. */
export interface SshPeers {
  /** Addresses to spare, given all connections open at `now` (ms of any steady clock). */
  update(connections: readonly SshConnection[], now: number): Uint8Array[];
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
      return connections.filter(({ id }) => now - (seen.get(id) ?? now) >= grace).map(({ peer }) => peer);
    },
  };
}
