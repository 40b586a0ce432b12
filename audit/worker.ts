import type { Bus, Subscription } from '../bus/port.ts';
import { TOPICS } from '../core/contract/topics.ts';
import type { Worker, WorkerContext } from '../core/process/worker-context.ts';
import type { Journal, JournalEntry, JournalKind } from '../store/port.ts';
import { journalEntry } from './journal-entry.ts';

/**
 * What is read under which group. One group a topic: members of one Kafka group that follow different topics are given each
 * other's partitions by some assigners, and each would make the other wait at every rebalance.
 */
export const AUDIT_SUBSCRIPTIONS: Readonly<Record<JournalKind, { topic: string; group: string }>> = {
  actions: { topic: TOPICS.actions, group: 'tipline-audit-actions' },
  deadletters: { topic: TOPICS.deadLetters, group: 'tipline-audit-deadletters' },
};

export interface AuditOptions {
  bus: Bus;
  journal: Journal;
  context: WorkerContext;
}

/** Copies everything done and everything refused from the topics, which forget, into the store's journal. */
export async function startAudit({ bus, journal, context }: AuditOptions): Promise<Worker> {
  const { log, metrics } = context;
  const count = metrics.counter(
    'tipline_audit_records_total',
    'Records copied into the journal, or left out as unreadable',
    ['kind', 'outcome'],
  );

  const follow = (kind: JournalKind): Promise<Subscription> =>
    bus.consume({
      ...AUDIT_SUBSCRIPTIONS[kind],
      async handler(batch) {
        const entries: JournalEntry[] = [];
        for (const record of batch.records) {
          const entry = journalEntry(kind, record);
          if (entry !== undefined) entries.push(entry);
        }
        const unreadable = batch.records.length - entries.length;
        const created = entries.length === 0 ? 0 : await journal.append(kind, entries, batch);
        count(created, { kind, outcome: 'copied' });
        count(unreadable, { kind, outcome: 'unreadable' });
        if (unreadable > 0)
          log.warn({ kind, records: unreadable }, `records of ${batch.topic} are not ${kind}; left out`);
      },
    });

  const actions = await follow('actions');
  const deadLetters = await follow('deadletters').catch(async (error: unknown) => {
    await actions.stop();
    throw error;
  });
  const closed = Promise.all([actions.closed, deadLetters.closed]).then(() => {});
  // Whoever looks at `closed` later still gets the rejection.
  closed.catch(() => {});

  return {
    closed,
    async stop() {
      await Promise.all([actions.stop(), deadLetters.stop()]);
    },
  };
}
