import { formatIp, parseIp } from '../../core/indicator/address.ts';

/** A line of `/proc/net/tcp` or `tcp6` (proc(5)). */
export interface Socket {
  readonly state: 'listening' | 'established';
  readonly port: number;
  /** The far end; undefined while nobody is connected. */
  readonly peer: Uint8Array | undefined;
  readonly inode: string;
  /** Names this connection among all: both ends and the inode. */
  readonly id: string;
}

const STATES: Readonly<Record<string, Socket['state']>> = { '0A': 'listening', '01': 'established' };

/**
 * What listens and what is connected. An address is written as 32-bit words in host order; IPv4-mapped peers of a dual-stack
 * server come out as IPv4.
 */
export function socketsIn(table: string): Socket[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', remote = '', code = '', , , , , , inode = ''] = line.trim().split(/\s+/);
      const state = STATES[code];
      const port = Number.parseInt(local.split(':')[1] ?? '', 16);
      if (state === undefined || Number.isNaN(port)) return [];
      const peer = state === 'established' ? addressIn(remote.split(':')[0] ?? '') : undefined;
      return [{ state, port, peer, inode, id: `${local} ${remote} ${inode}` }];
    });
}

function addressIn(hex: string): Uint8Array | undefined {
  if (!/^([0-9A-F]{8}|[0-9A-F]{32})$/i.test(hex)) return undefined;
  const bytes = Buffer.from(hex, 'hex').swap32();
  // through the parser, which folds IPv4-mapped addresses into IPv4
  return parseIp(formatIp(new Uint8Array(bytes)));
}
