import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AUDIT_SUBSCRIPTIONS, startAudit } from '../../audit/worker.ts';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import type { Bus } from '../../bus/port.ts';
import type { Action } from '../../core/contract/action.ts';
import type { DeadLetter } from '../../core/contract/dead-letter.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { createHealth } from '../../core/process/health.ts';
import { type Log, silentLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { noSeam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import { openEmbeddedStore } from '../../store/embedded/store.ts';
import type { Store } from '../../store/port.ts';
import { until } from '../services/wait.ts';

const NOW = new Date().toISOString();

interface Bench {
  bus: Bus;
  store: Store;
  context: WorkerContext;
  warnings: string[];
}

async function open(t: TestContext): Promise<Bench> {
  const data = await mkdtemp(join(tmpdir(), 'tipline-audit-'));
  const health = createHealth();
  const warnings: string[] = [];
  const log: Log = { ...silentLog, warn: (_fields, message) => void warnings.push(message), child: () => log };
  const context = { log, health, metrics: createMetrics(), seam: noSeam };
  const bus = openEmbeddedBus({ data, log: silentLog, health });
  const store = openEmbeddedStore({ data, log: silentLog, health });
  await bus.createTopics(Object.values(TOPICS).map((name) => ({ name, retentionMs: 86_400_000 })));
  t.after(async () => {
    await bus.close();
    await store.close();
    await rm(data, { recursive: true });
  });
  return { bus, store, context, warnings };
}

async function drained({ bus }: Bench): Promise<void> {
  for (const { topic, group } of Object.values(AUDIT_SUBSCRIPTIONS)) {
    await until(async () => (await bus.lag(topic, group)) === 0, { what: `${topic} to be read` });
  }
}

function action(id: string): Action {
  const indicator = { id: 'a'.repeat(40), type: 'ip', value: '203.0.113.7' } as const;
  return {
    schema: 1,
    id,
    '@timestamp': NOW,
    verb: 'block',
    outcome: 'planned',
    actor: 'fw1',
    reason: 'score 91',
    indicator,
  };
}

function letter(offset: number): DeadLetter {
  return {
    schema: 1,
    id: `ioc.raw-0-${offset}`,
    '@timestamp': NOW,
    code: 'BAD_JSON',
    message: 'not JSON',
    stage: 'parse',
    origin: { topic: 'ioc.raw', partition: 0, offset },
    collected_at: NOW,
    payload: '{',
    payload_encoding: 'utf8',
    payload_bytes: 1,
  };
}

test('actions and dead letters are copied once, whatever else stands on their topics', async (t) => {
  const bench = await open(t);
  const { bus, store, context, warnings } = bench;
  const value = (document: unknown) => ({ key: 'k', value: JSON.stringify(document) });
  await bus.publish(TOPICS.actions, [
    value(action('one')),
    { key: 'k', value: 'garbage' },
    value(action('two')),
    value(action('one')),
  ]);
  await bus.publish(TOPICS.deadLetters, [value(letter(1)), value(letter(2)), value({ schema: 1 })]);

  const audit = await startAudit({ bus, journal: store.journal, context });
  await drained(bench);
  await audit.stop();
  await audit.closed;

  const summary = await store.indicators.summary();
  assert.equal(summary.actions, 2);
  assert.equal(summary.deadLetters, 2);
  assert.deepEqual(new Set(await store.journal.actionsOf('a'.repeat(40), 10)), new Set([action('one'), action('two')]));
  assert.deepEqual(warnings.length, 2, 'one line a batch');

  // A second run reads what came meanwhile, and a repeat makes no second copy.
  await bus.publish(TOPICS.actions, [value(action('two')), value(action('three'))]);
  const again = await startAudit({ bus, journal: store.journal, context });
  await drained(bench);
  await again.stop();
  assert.equal((await store.indicators.summary()).actions, 3);
});

test('a journal that fails for good takes the worker down, and nothing is committed', async (t) => {
  const bench = await open(t);
  const { bus, context } = bench;
  await bus.publish(TOPICS.actions, [{ key: 'k', value: JSON.stringify(action('one')) }]);
  const broken = { ...bench.store.journal, append: () => Promise.reject(new Error('disk on fire')) };
  const audit = await startAudit({ bus, journal: broken, context });
  await assert.rejects(audit.closed, /disk on fire/);
  await audit.stop();
  assert.equal(await bus.lag(TOPICS.actions, AUDIT_SUBSCRIPTIONS.actions.group), 1);
});
