import type { Prefix } from '../../core/indicator/address.ts';

/**
 * What the firewall should hold. `add`: not there as far as is known; `renew`: there, with an earlier deadline;
 * `remove`: take it out (it may be gone already). `until`: epoch ms; nothing is ever installed without a deadline.
 */
export type Change =
  | { readonly kind: 'add' | 'renew'; readonly prefix: Prefix; readonly until: number }
  | { readonly kind: 'remove'; readonly prefix: Prefix };

/** Each change by itself: one that the firewall refuses does not take the others along. */
export type Outcome =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'BACKEND_REJECTED' | 'BACKEND_FULL'; readonly message: string };

/** Something that is blocked now. `until`: epoch ms, within a second; Infinity if somebody made it without a deadline. */
export interface Installed {
  readonly prefix: Prefix;
  readonly until: number;
}

/** What `probe` saw: `damaged` means that rules or sets differ from what was installed. */
export interface Condition {
  readonly state: 'intact' | 'damaged' | 'missing';
  /** Packets dropped so far, by hook. */
  readonly dropped: ReadonlyMap<string, number>;
}

/**
 * Where blocks are enforced. Networks that it holds never overlap one another: the caller sees to that, because
 * nftables cannot hold overlapping intervals.
 *
 * All throw TiplineErrors: `retryable: false` when the firewall cannot be used at all (not installed, no permission),
 * `retryable: true` when it may be later. After a throw nobody knows how much was done: `list` tells.
 */
export interface Backend {
  /** For the log. */
  readonly description: string;
  /** False: nothing is touched, blocks are only planned. */
  readonly enforces: boolean;
  /** Networks that it carries without getting slow. Known after `ensure`. */
  readonly maxCidrs: number;
  /** Installs what is missing of our own table and rules; leaves what is blocked. True if it had to make the table anew. */
  ensure(): Promise<boolean>;
  /** Changes that one call of `apply` should not exceed by much. Known after `ensure`. */
  readonly maxChanges: number;
  /** One transaction as long as nothing is refused; removals of networks come before additions. One outcome a change. */
  apply(changes: readonly Change[], now: number): Promise<Outcome[]>;
  /** Everything that is blocked; dear, so only after a start or a fault. */
  list(now: number): Promise<Installed[]>;
  /** Cheap whatever the number of blocks. */
  probe(): Promise<Condition>;
  /** Takes away everything that `ensure` and `apply` made. */
  teardown(): Promise<void>;
}
