import { type Prefix, parsePrefix } from '../../core/indicator/address.ts';
import { isHost } from '../../core/indicator/prefix-index.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { OPERATOR_LIFTED } from '../coverage.ts';
import { textOf } from '../guard.ts';
import type { BlockRow, BlockState } from './block-row.ts';
import type { Ledger } from './ledger.ts';

/** What `tipline blocks` asks for; `value` also finds the networks around it and what lies inside it. */
export interface BlockListing {
  readonly states?: readonly BlockState[];
  readonly value?: string;
  readonly limit?: number;
}

/** Rows of the ledger, highest score first; with a value, widest network first. */
export function listBlocks(ledger: Ledger, { states, value, limit }: BlockListing = {}): BlockRow[] {
  return ledger.rows.list({
    ...(states === undefined ? {} : { states }),
    ...(value === undefined ? {} : { overlapping: prefixFrom(value) }),
    ...(limit === undefined ? {} : { limit }),
  });
}

export interface UnblockRequest {
  /** In the operator's words; stands in the action. */
  readonly reason: string;
  /** How long it must not be blocked again, ms. */
  readonly hold: number;
}

/**
 * - requested: an intent is written, the responder lifts the block within about a second, or at its next start
 * - held: it was not blocked (it may have been waiting), and will not be while the hold lasts
 *
 * `coveredBy`: blocked networks around it, by which it stays blocked.
 */
export interface UnblockAnswer {
  readonly kind: 'requested' | 'held';
  readonly value: string;
  readonly holdUntil: number;
  readonly coveredBy: readonly string[];
}

/** Asks the responder to lift a block. Any process may ask, whether a responder runs or not: nothing is raced. */
export function requestUnblock(ledger: Ledger, value: string, request: UnblockRequest, now: number): UnblockAnswer {
  const prefix = prefixFrom(value);
  const key = textOf(prefix);
  const holdUntil = now + request.hold;
  return ledger.write(() => {
    const row = ledger.rows.get(key);
    const lift = row !== undefined && ['enforced', 'planned', 'intent-block', 'intent-unblock'].includes(row.state);
    ledger.rows.put({
      ...(row ?? unknownRow(key, prefix)),
      state: lift ? 'intent-unblock' : 'released',
      code: OPERATOR_LIFTED,
      reason: request.reason.slice(0, 500),
      holdUntil,
      changedAt: now,
      // the firewall may hold what the ledger knows nothing of
      dirty: true,
      seq: (row?.seq ?? 0) + 1,
    });
    const coveredBy = ledger.rows
      .list({ overlapping: prefix, states: ['enforced', 'planned', 'intent-block'] })
      .filter((other) => other.value !== key && other.prefix.length < prefix.length)
      .map((other) => other.value);
    return { kind: lift ? 'requested' : 'held', value: key, holdUntil, coveredBy };
  });
}

/** What nobody listed can be held free too. */
function unknownRow(value: string, prefix: Prefix): BlockRow {
  return {
    value,
    indicator: '',
    type: isHost(prefix) ? 'ip' : 'cidr',
    prefix,
    life: 0,
    revision: 0,
    state: 'released',
    until: 0,
    kernelUntil: 0,
    coveredBy: null,
    score: 0,
    feed: null,
    source: '',
    ref: null,
    reason: '',
    code: null,
    holdUntil: 0,
    queuedAt: 0,
    blockedAt: 0,
    changedAt: 0,
    dirty: false,
    seq: 0,
  };
}

function prefixFrom(value: string): Prefix {
  const prefix = parsePrefix(value.trim());
  if (prefix !== undefined) return prefix;
  throw new TiplineError('USAGE', `${value.slice(0, 80)} is neither an address nor a CIDR such as 203.0.113.0/24`, {
    retryable: false,
  });
}
