import { formatCidr, type Prefix } from '../core/indicator/address.ts';
import { familyOf, isHost } from '../core/indicator/prefix-index.ts';
import type { Refusal } from './guard.ts';

const MINUTE = 60_000;

/** One in so many blocks of a minute is given to feeds that others left nothing of it, beyond the limit. */
const SHARE_OF_LATE = 20;

/** How much some blocks are. */
export interface Amount {
  rows: number;
  cidrs: number;
  /** Of IPv4. */
  addresses4: number;
  /** /64 networks: what one customer is given of IPv6, so that single addresses mean little. */
  nets6: number;
}

export const NO_AMOUNT: Readonly<Amount> = { rows: 0, cidrs: 0, addresses4: 0, nets6: 0 };

export function amountOf(prefix: Prefix): Amount {
  const cidrs = isHost(prefix) ? 0 : 1;
  return familyOf(prefix) === 4
    ? { rows: 1, cidrs, addresses4: 2 ** (32 - prefix.length), nets6: 0 }
    : { rows: 1, cidrs, addresses4: 0, nets6: 2 ** Math.max(0, 64 - prefix.length) };
}

/** Adds `times` that much; a negative number takes it away. */
export function addAmount(to: Amount, what: Readonly<Amount>, times = 1): void {
  to.rows += what.rows * times;
  to.cidrs += what.cidrs * times;
  to.addresses4 += what.addresses4 * times;
  to.nets6 += what.nets6 * times;
}

/** Limits that a poisoned feed runs into. */
export interface Fuse {
  /** Refused for good: nothing wider than the limits is ever blocked. */
  tooWide(prefix: Prefix): Refusal | undefined;
  /** Refused for now: there is no room for it beside what is held. `about`: what there is too much of. */
  noRoom(prefix: Prefix, held: Readonly<Amount>): (Refusal & { about: keyof Amount }) | undefined;
  /** How many that wait may be blocked now. */
  allowance(load: { active: number; startedLastMinute: number }): number;
  /**
   * So many of a minute each feed may have although others have used the minute up, and all such feeds together: else whoever lists
   * thousands keeps the rest out until the minute is over, again and again.
   */
  readonly late: number;
  readonly perMinute: number;
}

export interface FuseLimits {
  readonly maxActive: number;
  readonly maxNewPerMinute: number;
  /** Shortest prefix lengths. */
  readonly maxPrefix4: number;
  readonly maxPrefix6: number;
  /** Networks that the backend carries without getting slow. */
  readonly maxCidrs: number;
  /** Addresses of IPv4, and as many /64 networks of IPv6. */
  readonly maxAddresses: number;
}

/**
 * Stateless: how much was blocked in the last minute is read from the ledger, so neither a restart nor a crash loop
 * gives a fresh allowance.
 */
export function createFuse(limits: FuseLimits): Fuse {
  return {
    tooWide(prefix) {
      const least = familyOf(prefix) === 4 ? limits.maxPrefix4 : limits.maxPrefix6;
      if (prefix.length >= least) return undefined;
      return {
        code: 'FUSE_PREFIX_WIDTH',
        reason: `${formatCidr(prefix)} is wider than /${least}, the widest network that may be blocked`,
      };
    },
    noRoom(prefix, held) {
      if (held.rows >= limits.maxActive) {
        return {
          about: 'rows',
          code: 'FUSE_MAX_ACTIVE',
          reason: `${limits.maxActive} blocks are active or waiting, which is the limit (responder.max_active)`,
        };
      }
      if (!isHost(prefix) && held.cidrs >= limits.maxCidrs) {
        return {
          about: 'cidrs',
          code: 'FUSE_MAX_CIDRS',
          reason: `${limits.maxCidrs} networks are blocked or waiting, which is as many as the firewall carries well`,
        };
      }
      const about = familyOf(prefix) === 4 ? 'addresses4' : 'nets6';
      if (held[about] + amountOf(prefix)[about] <= limits.maxAddresses) return undefined;
      const what = about === 'addresses4' ? 'addresses of IPv4' : '/64 networks of IPv6';
      return {
        about,
        code: 'FUSE_MAX_ADDRESSES',
        reason: `${formatCidr(prefix)} would make it more than ${limits.maxAddresses} ${what} that are blocked or waiting (responder.max_addresses)`,
      };
    },
    allowance: ({ active, startedLastMinute }) =>
      Math.max(0, Math.min(limits.maxNewPerMinute - startedLastMinute, limits.maxActive - active)),
    perMinute: limits.maxNewPerMinute,
    late: Math.max(1, Math.floor(limits.maxNewPerMinute / SHARE_OF_LATE)),
  };
}

/** Blocks begun after this moment count against the minute. */
export function minuteBefore(now: number): number {
  return now - MINUTE;
}
