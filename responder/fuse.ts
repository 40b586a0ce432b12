import { formatCidr, type Prefix } from '../core/indicator/address.ts';
import { familyOf, isHost } from '../core/indicator/prefix-index.ts';
import type { Refusal } from './guard.ts';

const MINUTE = 60_000;

/** Limits that a poisoned feed runs into. */
export interface Fuse {
  /** Refused for good: nothing wider than the limits is ever blocked. */
  tooWide(prefix: Prefix): Refusal | undefined;
  /** Refused for now: there is no room for one more, whether blocked or waiting. */
  noRoom(prefix: Prefix, load: { active: number; waiting: number; cidrs: number }): Refusal | undefined;
  /** How many that wait may be blocked now. */
  allowance(load: { active: number; startedLastMinute: number }): number;
}

export interface FuseLimits {
  readonly maxActive: number;
  readonly maxNewPerMinute: number;
  /** Shortest prefix lengths. */
  readonly maxPrefix4: number;
  readonly maxPrefix6: number;
  /** Networks that the backend carries without getting slow. */
  readonly maxCidrs: number;
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
    noRoom(prefix, load) {
      if (load.active + load.waiting >= limits.maxActive) {
        return {
          code: 'FUSE_MAX_ACTIVE',
          reason: `${limits.maxActive} blocks are active or waiting, which is the limit (responder.max_active)`,
        };
      }
      if (!isHost(prefix) && load.cidrs >= limits.maxCidrs) {
        return {
          code: 'FUSE_MAX_CIDRS',
          reason: `${limits.maxCidrs} networks are blocked or waiting, which is as many as the firewall carries well`,
        };
      }
      return undefined;
    },
    allowance: ({ active, startedLastMinute }) =>
      Math.max(0, Math.min(limits.maxNewPerMinute - startedLastMinute, limits.maxActive - active)),
  };
}

/** Blocks begun after this moment count against the minute. */
export function minuteBefore(now: number): number {
  return now - MINUTE;
}
