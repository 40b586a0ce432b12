import type { Batch, Bus, Subscription } from '../bus/port.ts';
import { deadLetterRecord } from '../core/contract/dead-letter.ts';
import { inspectDocument } from '../core/contract/read-document.ts';
import { TOPICS } from '../core/contract/topics.ts';
import { createBackoff, pause } from '../core/process/backoff.ts';
import type { ResponderConfig } from '../core/process/config/sections.ts';
import { messageOf, TiplineError } from '../core/process/errors.ts';
import type { Worker, WorkerContext } from '../core/process/worker-context.ts';
import type { IndicatorStore } from '../store/port.ts';
import type { Backend } from './backends/backend.ts';
import { type Clock, systemClock } from './clock.ts';
import { createFuse } from './fuse.ts';
import { createGauges } from './gauges.ts';
import type { Guard } from './guard.ts';
import type { Ledger } from './ledger/ledger.ts';
import { withoutOutdated } from './outdated.ts';
import { policyTerms } from './policy.ts';
import { createRounds } from './round.ts';
import { readRecords, sightingIn } from './sightings.ts';
import { createTurns, patiently } from './turns.ts';

export interface ResponderOptions {
  readonly config: ResponderConfig & { readonly name: string };
  readonly bus: Bus;
  /** For the blocks of a new responder, and to tell records that were overtaken. */
  readonly store: Pick<IndicatorStore, 'active' | 'readStates' | 'refresh'>;
  readonly ledger: Ledger;
  readonly backend: Backend;
  readonly guard: Guard;
  readonly context: WorkerContext;
  /** Default: those of the machine. */
  readonly clock?: Clock;
}

export interface ResponderCounts {
  /** Done since this responder started. */
  readonly planned: number;
  readonly enforced: number;
  readonly refused: number;
  /** Held back by the fuse now. */
  readonly waiting: number;
}

export interface Responder extends Worker {
  /** Resolves when everything that the fuse allows has been done and told, of what was read until now. */
  settle(): Promise<void>;
  counts(): ResponderCounts;
}

const TICK = 1000;
const PROBE_EVERY = 10_000;
const AUDIT_EVERY = 3_600_000;
const KEEP_PUBLISHED = 7 * 86_400_000;
const KEEP_ENDED = 30 * 86_400_000;

/** Name of the consumer group of the responder `name`. */
export function responderGroup(name: string): string {
  return `tipline-responder-${name}`;
}

/**
 * Starts a responder: restores what the ledger says, loads the active indicators if it is new, then follows the topic.
 * It works until `stop`, or until `closed` rejects: the firewall cannot be used, or something failed that nobody can judge.
 */
export function startResponder(options: ResponderOptions): Responder {
  const { config, bus, store, ledger, backend, guard, context, clock = systemClock() } = options;
  const { now } = clock;
  const { health, seam } = context;
  const log = context.log.child({ role: 'responder', name: config.name });
  const terms = policyTerms(config);
  const stopping = new AbortController();
  const turns = createTurns();
  const gauges = createGauges(context.metrics, ledger);
  const fuse = createFuse({
    maxActive: config.max_active,
    maxNewPerMinute: config.max_new_per_minute,
    maxPrefix4: config.max_prefix_v4,
    maxPrefix6: config.max_prefix_v6,
    maxAddresses: config.max_addresses,
    get maxCidrs() {
      return backend.maxCidrs;
    },
  });
  const rounds = createRounds({
    ...{ ledger, backend, bus, guard, fuse, terms, log, seam, clock },
    actor: config.name,
  });
  let subscription: Subscription | undefined;

  /** Repeats `work` through outages, which say `retryable: true`, until it succeeds or `signal` ends it. */
  async function outlasting(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    const backoff = createBackoff({ first: 200, most: 10_000 });
    for (let failures = 0; ; failures += 1) {
      try {
        await turns(work);
        if (failures > 0) log.info({ failures }, 'the responder works again');
        health.report('responder', 'up');
        return;
      } catch (error) {
        if (!(error instanceof TiplineError) || error.retryable !== true) throw error;
        health.report('responder', 'down', messageOf(error));
        if (failures === 0) log.warn({ error }, 'the responder waits');
        await pause(backoff.next(), signal);
        if (signal.aborted) throw new TiplineError('ABORTED', 'stopped while waiting', { cause: error });
      }
    }
  }

  async function begin(): Promise<void> {
    await guard.refresh();
    rounds.resume();
    await rounds.round();
    if (ledger.mark('loaded') === undefined) {
      await store.refresh();
      let loaded = 0;
      for await (const page of store.active(config.min_score)) {
        const sightings = page
          .map((document) => sightingIn(inspectDocument(document)))
          .filter((read) => typeof read === 'object');
        rounds.takeIn(sightings);
        loaded += sightings.length;
        if (stopping.signal.aborted) return;
      }
      ledger.write(() => ledger.setMark('loaded', new Date(now()).toISOString()));
      log.info({ addresses: loaded }, 'a new responder: active addresses were read from the store');
      await rounds.round();
    }
  }

  async function handle(batch: Batch): Promise<void> {
    const signal = AbortSignal.any([batch.signal, stopping.signal]);
    const { sightings, bad } = readRecords(batch.records);
    if (bad.length > 0) {
      const refusal = { code: 'BAD_ENRICHED_DOCUMENT', stage: 'responder' };
      const letters = bad.map(({ record, message }) => deadLetterRecord(record, batch, { ...refusal, message }, now()));
      await bus.publish(TOPICS.deadLetters, letters);
      log.warn({ records: bad.length, of: batch.records.length }, 'records that are no documents: tipline dlq list');
    }
    const current = await withoutOutdated(sightings, { store, ledger, terms, now: now(), patience: batch, log });
    const takeIn = async (): Promise<void> => rounds.takeIn(current);
    await patiently(batch, outlasting(takeIn, signal));
    await patiently(batch, outlasting(rounds.round, signal));
    gauges.counted(rounds.tally);
    seam('responder:before-commit');
  }

  /** What time brings: deadlines, what the fuse held back, requests to unblock, publishing that failed. */
  async function tick(): Promise<void> {
    let auditAt = clock.steady() + AUDIT_EVERY;
    for (;;) {
      await pause(TICK, stopping.signal);
      if (stopping.signal.aborted) return;
      if (clock.steady() >= auditAt) {
        auditAt = clock.steady() + AUDIT_EVERY;
        await outlasting(async () => audit(now()), stopping.signal);
      }
      await outlasting(rounds.round, stopping.signal);
      gauges.counted(rounds.tally);
    }
  }

  function audit(moment: number): void {
    rounds.doubt();
    ledger.write(() => {
      ledger.actions.prune(moment - KEEP_PUBLISHED);
      ledger.rows.prune(moment - KEEP_ENDED, moment);
    });
  }

  /** What others do to this machine: new addresses and peers, rules that somebody flushed. */
  async function watch(): Promise<void> {
    for (;;) {
      await pause(PROBE_EVERY, stopping.signal);
      if (stopping.signal.aborted) return;
      // not in turn with the rest: a name that does not resolve takes its time
      const added = await guard.refresh();
      await outlasting(async () => {
        if (added.length > 0) rounds.liftGuarded(added);
        gauges.observed(await rounds.probe());
      }, stopping.signal);
    }
  }

  const started = outlasting(begin, stopping.signal);

  async function run(): Promise<void> {
    try {
      await started;
      if (stopping.signal.aborted) return;
      subscription = await bus.consume({ topic: TOPICS.enriched, group: responderGroup(config.name), handler: handle });
      log.info({ backend: backend.description, bus: bus.description }, 'the responder is running');
      await Promise.race([subscription.closed, tick(), watch()]);
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    } finally {
      stopping.abort();
      await subscription?.stop().catch((error: unknown) => log.warn({ error }, 'the consumer did not stop cleanly'));
      await turns(async () => {});
      health.report('responder', 'down', 'stopped');
    }
  }

  const closed = run();
  // Whoever started it looks at `closed` later; until then a failure must not count as unhandled.
  closed.catch(() => {});

  return {
    closed,
    async stop() {
      stopping.abort();
      await closed;
    },
    async settle() {
      await started;
      await outlasting(rounds.round, stopping.signal);
    },
    counts() {
      const { planned, enforced, refused } = rounds.tally;
      return { planned, enforced, refused, waiting: ledger.rows.counts().waiting };
    },
  };
}
