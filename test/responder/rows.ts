import { parsePrefix } from '../../core/indicator/address.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import type { BlockRow } from '../../responder/ledger/block-row.ts';

/** A row of the ledger with nothing special about it. */
export function rowOf(value: string, changes: Partial<BlockRow> = {}): BlockRow {
  const prefix = parsePrefix(value);
  if (prefix === undefined) throw new TypeError(value);
  const type = value.includes('/') ? 'cidr' : 'ip';
  return {
    value,
    indicator: indicatorId({ type, value }),
    type,
    prefix,
    life: 0,
    revision: 1,
    state: 'enforced',
    until: 0,
    kernelUntil: 0,
    coveredBy: null,
    score: 90,
    feed: null,
    source: 'feed',
    ref: null,
    reason: 'feed says so',
    code: null,
    holdUntil: 0,
    queuedAt: 0,
    blockedAt: 0,
    changedAt: 0,
    dirty: false,
    seq: 0,
    ...changes,
  };
}
