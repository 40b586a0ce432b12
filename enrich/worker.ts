import type { Bus } from '../bus/port.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../core/indicator/type.ts';
import { pause } from '../core/process/backoff.ts';
import type { EnrichConfig } from '../core/process/config/sections.ts';
import type { SeverityFile } from '../core/process/config/severity-file.ts';
import type { Worker, WorkerContext } from '../core/process/worker-context.ts';
import type { Cursors, IndicatorStore } from '../store/port.ts';
import { enrichBatch } from './batch.ts';
import { type GeoFiles, openGeoLookup } from './geo/lookup.ts';
import { headersSince } from './headers-since.ts';
import { createListKeeper } from './lists/keeper.ts';
import { createWarningListKeeper } from './lists/warning/keeper.ts';
import type { Planner } from './planner.ts';
import { createSheets } from './sheet.ts';
import { lifetimesOf, type Policy } from './state/policy.ts';
import { weightsOf } from './state/score.ts';
import { createSettled, type Settled } from './state/settled.ts';
import { severityRules } from './state/severity.ts';
import { createSweep } from './sweep.ts';
import { addTo, emptyTally, type Tally } from './tally.ts';

export const ENRICH_GROUP = 'tipline-enrich';

export interface EnrichOptions {
  config: EnrichConfig;
  severity: SeverityFile;
  geo: GeoFiles;
  /** Folders of warning lists, absolute paths. */
  warningLists: readonly string[];
  /** How long a block lasts: a sighting must reach the responder before it ends, ms. */
  blockFor: number;
  historyRetention: number;
  bus: Bus;
  store: IndicatorStore;
  cursors: Cursors;
  context: WorkerContext;
  /** Names this process in leases. */
  owner: string;
  now?: () => number;
  /** What an earlier worker of this process knew to be unchanged. */
  settled?: Settled;
}

export interface EnrichWorker extends Worker {
  tally(): Readonly<Tally>;
  /** Asks to derive again what has lapsed, now; returns how many. */
  sweepOnce(): Promise<number>;
}

const LISTS_EVERY = 5_000;
const GEO_EVERY = 60_000;

/** Starts the enrichment consumer: the only writer of states and history. */
export async function startEnrich(options: EnrichOptions): Promise<EnrichWorker> {
  const { config, bus, store, cursors, context, owner, now = Date.now } = options;
  const { log, health, metrics } = context;
  const policy: Policy = {
    weights: weightsOf(config.weights),
    severity: severityRules(options.severity),
    lifetimes: lifetimesOf(INDICATOR_TYPES, config.lifetimes),
  };
  const geo = await openGeoLookup(options.geo, log);
  const inHand = new Set<Promise<unknown>>();
  const batchesEnded = async (): Promise<void> => void (await Promise.allSettled([...inHand]));
  const lists = createListKeeper({ files: config.allow, cursors, store, bus, context, batchesEnded });
  const warnings = createWarningListKeeper({
    folders: options.warningLists,
    config: config.warning_lists,
    cursors,
    store,
    bus,
    context,
    batchesEnded,
  });
  await lists.refresh(now());
  await warnings.refresh(now());
  const settled = options.settled ?? createSettled(config.cache);
  const sheets = createSheets();
  const since = await headersSince(cursors, store, now());
  const quanta = quantaOf(policy, options.blockFor);
  const planner = (): Planner => ({
    policy,
    allowed: lists.current(),
    benign: warnings.current(),
    exceptFeeds: warnings.exceptFeeds,
    geo,
    quantumOf: (type) => quanta[type],
    historyRetention: options.historyRetention,
  });

  const total = emptyTally();
  const countRead = metrics.counter('tipline_enrich_records_total', 'Records read from ioc.raw');
  const countAction = metrics.counter('tipline_enrich_changes_total', 'Changes of indicators, by what happened', [
    'action',
  ]);
  const countDead = metrics.counter('tipline_enrich_dead_letters_total', 'Records that could not be used');
  const countLost = metrics.counter('tipline_enrich_lost_races_total', 'Writes that another enricher was faster with');
  const timeBatch = metrics.duration('tipline_enrich_batch_seconds', 'Time of one batch, read to publish');

  const subscription = await bus.consume({
    topic: TOPICS.raw,
    group: ENRICH_GROUP,
    maxRecords: config.batch,
    async handler(batch) {
      const started = performance.now();
      const work = enrichBatch(batch, {
        store,
        bus,
        settled,
        sheets,
        planner,
        now,
        headersSince: since,
        seam: context.seam,
        log,
      });
      inHand.add(work);
      const tally = await work.finally(() => inHand.delete(work));
      addTo(total, tally);
      countRead(tally.read);
      countDead(tally.deadLetters);
      countLost(tally.lost);
      for (const [action, count] of Object.entries(tally.byAction)) countAction(count, { action });
      timeBatch((performance.now() - started) / 1000);
      if (tally.deadLetters > 0) {
        log.warn(
          { deadLetters: tally.deadLetters, of: tally.read, partition: batch.partition },
          'records set aside: tipline dlq list',
        );
      }
    },
  });
  health.report('enrich', 'up');
  log.info({ geo: geo.description, group: ENRICH_GROUP }, 'enrichment is running');

  const ended = new AbortController();
  const sweep = createSweep({ store, bus, cursors, owner, leaseMs: config.sweep_every * 3 });
  const chores = [
    repeat('allow list', LISTS_EVERY, () => lists.refresh(now()), context, ended.signal),
    repeat('warning lists', LISTS_EVERY, () => warnings.refresh(now()), context, ended.signal),
    repeat('GeoIP', GEO_EVERY, () => geo.refresh(), context, ended.signal),
    repeat('sweep', config.sweep_every, () => sweep(now()), context, ended.signal),
  ];

  return {
    tally: () => total,
    sweepOnce: () => sweep(now()),
    closed: subscription.closed,
    async stop() {
      ended.abort();
      await Promise.all([subscription.stop(), ...chores]);
    },
  };
}

/** A quarter of min(lifetime, block time), by type. */
function quantaOf(policy: Policy, blockFor: number): Record<IndicatorType, number> {
  const entries = INDICATOR_TYPES.map((type) => [type, Math.min(policy.lifetimes[type], blockFor) / 4] as const);
  return Object.fromEntries(entries) as Record<IndicatorType, number>;
}

/**
 * Does a chore now and then until the worker stops. A chore that fails is tried again next time: none of them may stop the work. Told once,
 * and once when it works again.
 */
async function repeat(
  name: string,
  every: number,
  chore: () => Promise<unknown>,
  context: WorkerContext,
  signal: AbortSignal,
): Promise<void> {
  let failing = false;
  for (;;) {
    await pause(every, signal);
    if (signal.aborted) return;
    try {
      await chore();
      if (failing) context.log.info({ chore: name }, 'a chore works again');
      failing = false;
    } catch (error) {
      if (!failing) context.log.warn({ chore: name, error }, 'a chore failed; it is tried again');
      failing = true;
    }
  }
}
