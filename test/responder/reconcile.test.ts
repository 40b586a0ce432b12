import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Backend, Change } from '../../responder/backends/backend.ts';
import { createDryRun } from '../../responder/backends/dry-run.ts';
import { textOf } from '../../responder/guard.ts';
import { reconcile } from '../../responder/reconcile.ts';
import { openDesk } from './desk.ts';
import { NOW } from './documents.ts';
import { rowOf } from './rows.ts';

const LATER = NOW + 3_600_000;

/** A firewall that holds these (value and deadline) and notes what is asked of it. */
function firewall(held: Record<string, number>): Backend & { asked: string[] } {
  const asked: string[] = [];
  return {
    ...createDryRun(),
    enforces: true,
    asked,
    list: async () => Object.entries(held).map(([value, until]) => ({ prefix: rowOf(value).prefix, until })),
    async apply(changes: readonly Change[]) {
      asked.push(...changes.map(({ kind, prefix }) => `${kind} ${textOf(prefix)}`));
      return changes.map(() => ({ ok: true }));
    },
  };
}

it('believes the firewall, removes what nobody wants, and marks what is to be put right', async (t) => {
  const { ledger } = await openDesk(t);
  ledger.write(() => {
    for (const row of [
      rowOf('9.0.0.1', { until: LATER, kernelUntil: LATER }),
      rowOf('9.0.0.2', { until: LATER, kernelUntil: LATER }),
      rowOf('9.0.0.3', { until: LATER, kernelUntil: LATER }),
      rowOf('9.0.0.4', { until: LATER, kernelUntil: LATER }),
      rowOf('9.0.0.5', { state: 'intent-block', until: LATER, dirty: true }),
      rowOf('9.0.0.6', { state: 'intent-unblock', until: LATER, kernelUntil: LATER, dirty: true }),
      rowOf('9.0.0.7', { state: 'released' }),
      rowOf('9.1.0.0/16', { until: LATER, kernelUntil: LATER }),
      rowOf('9.1.1.1', { until: LATER, coveredBy: '9.1.0.0/16' }),
    ]) {
      ledger.rows.put(row);
    }
  });
  const backend = firewall({
    '9.0.0.1': LATER - 900,
    '9.0.0.3': LATER - 60_000,
    '9.0.0.4': Number.POSITIVE_INFINITY,
    '9.0.0.5': LATER,
    '9.0.0.7': LATER,
    '9.9.9.0/24': LATER,
    '9.1.0.0/16': LATER,
  });
  assert.deepEqual(await reconcile(ledger, backend, NOW), { missing: 1, shifted: 1, strays: 3 });
  assert.deepEqual(backend.asked.sort(), ['remove 9.0.0.4', 'remove 9.0.0.7', 'remove 9.9.9.0/24']);
  const seen = ledger.rows.list({}).map(({ value, kernelUntil, dirty }) => [value, kernelUntil, dirty] as const);
  assert.deepEqual(
    new Map(seen.map(([value, ...rest]) => [value, rest])),
    new Map(
      Object.entries({
        '9.0.0.1': [LATER, false],
        '9.0.0.2': [0, true],
        '9.0.0.3': [LATER - 60_000, true],
        '9.0.0.4': [0, true],
        '9.0.0.5': [LATER, true],
        '9.0.0.6': [0, true],
        '9.0.0.7': [0, false],
        '9.1.0.0/16': [LATER, false],
        '9.1.1.1': [0, false],
      }),
    ),
  );
});
