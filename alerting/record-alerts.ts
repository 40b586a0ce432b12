import type { BatchPatience } from '../bus/port.ts';
import type { EnrichedDocument } from '../core/contract/enriched-document.ts';
import { TiplineError } from '../core/process/errors.ts';
import type { Outbox, OutboxRow, Versioned } from '../store/port.ts';
import { type AlertPolicy, decide, rowId } from './policy.ts';

export interface Recorded {
  /** Rows that came to wait for a mail. */
  opened: number;
  closed: number;
}

/**
 * Puts what a batch of documents means into the outbox: one read, one write. A row that somebody else changed in between is read
 * and decided again; the sender changes a row once a mail, so that ends soon.
 */
export async function recordAlerts(
  documents: readonly EnrichedDocument[],
  outbox: Outbox,
  policy: AlertPolicy,
  now: number,
  patience: BatchPatience,
): Promise<Recorded> {
  const recorded: Recorded = { opened: 0, closed: 0 };
  let left = groupByRow(documents);
  for (let attempt = 0; left.size > 0; attempt += 1) {
    if (attempt === 50) {
      throw new TiplineError(
        'OUTBOX_CONTENDED',
        'the outbox refuses the same rows again and again: is a second writer at work?',
      );
    }
    if (patience.signal.aborted) throw new TiplineError('ABORTED', 'stopped while alerts were recorded');
    const stored = await outbox.read([...left.keys()], patience);
    const changes: { row: OutboxRow; before: Versioned<OutboxRow> | undefined }[] = [];
    for (const [id, group] of left) {
      const before = stored.get(id);
      const row = settle(group, before?.value, policy, now);
      if (row !== undefined) changes.push({ row, before });
    }
    if (changes.length === 0) break;

    const rows = changes.map(({ row, before }) => ({ value: row, version: before?.version ?? null }));
    const saved = await outbox.save(rows, patience);
    const again = new Map<string, EnrichedDocument[]>();
    changes.forEach(({ row, before }, index) => {
      if (saved[index] !== true) again.set(row.id, left.get(row.id) ?? []);
      else if (row.state === 'pending' && before?.value.state !== 'pending') recorded.opened += 1;
      else if (!row.open && before?.value.open === true) recorded.closed += 1;
    });
    left = again;
  }
  return recorded;
}

/** The row after all documents of its indicator, in order; undefined when nothing is to be written. */
function settle(
  documents: readonly EnrichedDocument[],
  stored: OutboxRow | undefined,
  policy: AlertPolicy,
  now: number,
): OutboxRow | undefined {
  let row = stored;
  for (const document of documents) {
    const decision = decide(document, row, policy, now);
    switch (decision.kind) {
      case 'open':
      case 'refresh':
      case 'close':
        row = decision.row;
        break;
      case 'keep':
      case 'stale':
      case 'none':
        break;
      default: {
        const never: never = decision;
        return never;
      }
    }
  }
  if (row === stored) return undefined;
  // Alertable for a moment within one batch: nobody was told and nobody will be.
  if (stored === undefined && row?.open === false) return undefined;
  return row;
}

function groupByRow(documents: readonly EnrichedDocument[]): Map<string, EnrichedDocument[]> {
  const groups = new Map<string, EnrichedDocument[]>();
  for (const document of documents) {
    const id = rowId(document.tipline.id);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [document]);
    else group.push(document);
  }
  return groups;
}
