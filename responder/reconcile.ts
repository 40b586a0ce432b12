import type { Backend, Change } from './backends/backend.ts';
import { textOf } from './guard.ts';
import type { BlockRow } from './ledger/block-row.ts';
import type { Ledger } from './ledger/ledger.ts';

/** The kernel tells whole seconds left. */
const TOLERANCE = 2500;

export interface Difference {
  /** Wanted, but not there. */
  missing: number;
  /** There, with another deadline than the ledger has. */
  shifted: number;
  /** There, and wanted by nobody: removed. */
  strays: number;
}

/**
 * Compares what the firewall holds with what the ledger believes it holds, corrects the belief, and marks what differs as
 * dirty, so that the next round puts it right. For a start, and after anything that leaves doubt: it reads all sets.
 */
export async function reconcile(ledger: Ledger, backend: Backend, now: number): Promise<Difference> {
  const installed = new Map<string, { until: number; change: Change }>();
  for (const { prefix, until } of await backend.list(now)) {
    installed.set(textOf(prefix), { until, change: { kind: 'remove', prefix } });
  }
  const difference: Difference = { missing: 0, shifted: 0, strays: 0 };
  const strays: Change[] = [];

  function compare(row: BlockRow): void {
    const found = installed.get(row.value);
    installed.delete(row.value);
    if (found === undefined) {
      if (row.until > now && row.state === 'enforced') difference.missing += 1;
      ledger.rows.putHeld(believing(row, 0));
    } else if (!stands(row) || !Number.isFinite(found.until)) {
      // Without a deadline it was not made by us; whether a renewal gives it one depends on the kernel.
      strays.push(found.change);
      ledger.rows.putHeld(believing(row, 0));
    } else if (Math.abs(found.until - row.kernelUntil) > TOLERANCE) {
      difference.shifted += 1;
      ledger.rows.putHeld(believing(row, found.until));
    }
  }

  ledger.write(() => {
    for (const page of ledger.rows.inKernel()) for (const row of page) compare(row);
    for (const [value, { until, change }] of installed) {
      const row = ledger.rows.get(value);
      if (row !== undefined && stands(row) && Number.isFinite(until)) ledger.rows.putHeld(believing(row, until));
      else strays.push(change);
    }
  });

  difference.strays = strays.length;
  for (let at = 0; at < strays.length; at += backend.maxChanges) {
    await backend.apply(strays.slice(at, at + backend.maxChanges), now);
  }
  return difference;
}

/** States in which the firewall may hold a row. */
function stands(row: BlockRow): boolean {
  return row.state === 'enforced' || row.state === 'intent-block' || row.state === 'intent-unblock';
}

function believing(row: BlockRow, kernelUntil: number): BlockRow {
  const coveredBy = kernelUntil > 0 ? null : row.coveredBy;
  return { ...row, kernelUntil, coveredBy, dirty: row.dirty || row.state === 'enforced' };
}
