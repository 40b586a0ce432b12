import type { Metrics } from '../core/process/metrics.ts';
import type { Condition } from './backends/backend.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Tally } from './record.ts';

/** What a responder shows of itself at /metrics. */
export interface Gauges {
  /** After work: what was done since the start. */
  counted(tally: Readonly<Tally>): void;
  /** Now and then: what stands, and how the firewall was found. */
  observed(condition: Condition): void;
}

export function createGauges(metrics: Metrics, ledger: Ledger): Gauges {
  const changes = metrics.counter('tipline_responder_changes_total', 'Changes made or planned, by what happened', [
    'change',
  ]);
  const blocks = metrics.gauge('tipline_responder_blocks', 'Addresses and networks in the ledger, by state', ['state']);
  const repairs = metrics.counter(
    'tipline_responder_repairs_total',
    'Times our firewall table was found changed or gone',
  );
  const dropped = metrics.gauge('tipline_responder_dropped_packets', 'Packets dropped since the table was made', [
    'counter',
  ]);
  let before: Readonly<Tally> | undefined;
  return {
    counted(tally) {
      for (const [change, count] of Object.entries(tally)) {
        changes(count - (before?.[change as keyof Tally] ?? 0), { change });
      }
      before = { ...tally };
    },
    observed({ state, dropped: packets }) {
      for (const [name, count] of Object.entries(ledger.rows.counts())) blocks(count, { state: name });
      for (const [counter, count] of packets) dropped(count, { counter });
      if (state !== 'intact') repairs(1);
    },
  };
}
