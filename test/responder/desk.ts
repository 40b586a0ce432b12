import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import type { Bus } from '../../bus/port.ts';
import type { Action } from '../../core/contract/action.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { TOPIC_RETENTION, TOPICS } from '../../core/contract/topics.ts';
import { type ResponderConfig, responderSection } from '../../core/process/config/sections.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { createMetrics } from '../../core/process/metrics.ts';
import { noSeam, type Seam } from '../../core/process/seam.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { Backend } from '../../responder/backends/backend.ts';
import { createDryRun } from '../../responder/backends/dry-run.ts';
import type { Clock } from '../../responder/clock.ts';
import type { Guard } from '../../responder/guard.ts';
import { type Ledger, ledgerPath, openLedger } from '../../responder/ledger/ledger.ts';
import { type Responder, responderGroup, startResponder } from '../../responder/worker.ts';
import type { IndicatorStore } from '../../store/port.ts';
import { until } from '../services/wait.ts';

/** Spares nothing: the test networks are documentation prefixes, which the real guard refuses. */
export const openGuard: Guard = { check: () => undefined, refresh: async () => [] };

export const NAME = 'fw1';

export interface DeskOptions {
  config?: Partial<ResponderConfig>;
  backend?: Backend;
  guard?: Guard;
  store?: Pick<IndicatorStore, 'active' | 'readStates' | 'refresh'>;
  seam?: Seam;
  /** One clock for all: time passes when it moves on. */
  now?: () => number;
  clock?: Clock;
}

/** A responder on a real bus and a real ledger, with a hand on all of it. */
export interface Desk {
  readonly data: string;
  readonly bus: Bus;
  readonly ledger: Ledger;
  readonly context: WorkerContext;
  start(options?: DeskOptions): Responder;
  publish(...documents: EnrichedDocument[]): Promise<void>;
  /** Waits until all that was published is committed, then settles. */
  settled(responder: Responder): Promise<void>;
  actions(): Promise<Action[]>;
}

/** A store that knows nothing. */
export function emptyStore(
  pages: EnrichedDocument[][] = [],
): Pick<IndicatorStore, 'active' | 'readStates' | 'refresh'> {
  return {
    async *active() {
      yield* pages;
    },
    readStates: async () => new Map(),
    refresh: async () => {},
  };
}

export function configWith(changes: Partial<ResponderConfig> = {}): ResponderConfig & { name: string } {
  return { ...responderSection.parse({}), ...changes, name: NAME };
}

function clockOf({ now, clock }: DeskOptions): { clock: Clock } | undefined {
  if (clock !== undefined) return { clock };
  return now === undefined ? undefined : { clock: { now, steady: now, boot: undefined } };
}

export async function openDesk(t: TestContext): Promise<Desk> {
  const data = mkdtempSync(join(tmpdir(), 'tipline-responder-'));
  const context: WorkerContext = { log: silentLog, health: createHealth(), metrics: createMetrics(), seam: noSeam };
  const bus = openEmbeddedBus({ data, log: silentLog, health: createHealth() });
  await bus.createTopics(Object.values(TOPICS).map((name) => ({ name, retentionMs: TOPIC_RETENTION[name] })));
  const ledger = openLedger(ledgerPath(data, NAME));
  const running = new Set<Responder>();
  t.after(async () => {
    for (const responder of running) await responder.stop().catch(() => {});
    await bus.close();
    ledger.close();
    rmSync(data, { recursive: true });
  });

  return {
    data,
    bus,
    ledger,
    context,
    start(options = {}) {
      const responder = startResponder({
        config: configWith(options.config),
        bus,
        store: options.store ?? emptyStore(),
        ledger,
        backend: options.backend ?? createDryRun(),
        guard: options.guard ?? openGuard,
        context: { ...context, seam: options.seam ?? noSeam },
        ...(clockOf(options) ?? {}),
      });
      running.add(responder);
      return responder;
    },
    async publish(...documents) {
      await bus.publish(
        TOPICS.enriched,
        documents.map((document) => ({ key: document.tipline.id, value: JSON.stringify(document) })),
      );
    },
    async settled(responder) {
      await until(async () => (await bus.lag(TOPICS.enriched, responderGroup(NAME))) === 0, {
        what: 'the topic to be read',
        timeout: 60_000,
      });
      await responder.settle();
    },
    async actions() {
      const actions: Action[] = [];
      for await (const record of bus.scan(TOPICS.actions)) actions.push(JSON.parse(record.value.toString()));
      return actions;
    },
  };
}
