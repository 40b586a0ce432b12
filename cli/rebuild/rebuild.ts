import type { Bus, Outgoing } from '../../bus/port.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { pause } from '../../core/process/backoff.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { Policy } from '../../enrich/state/policy.ts';
import type { TimeWindow } from '../../enrich/steps/read-record.ts';
import { ENRICH_GROUP } from '../../enrich/worker.ts';
import type { Store } from '../../store/port.ts';
import { newestRaw, statementKey } from './newest-raw.ts';
import { decisiveFirst } from './order.ts';
import { fromHistory, inHistory, type Statement } from './statement.ts';

export interface RebuildOptions {
  bus: Bus;
  store: Store;
  policy: Policy;
  window: TimeWindow;
  /** Names this process in leases. */
  owner: string;
  signal: AbortSignal;
  /** Told in words how far it is. */
  say(progress: string): void;
  /** Statements that wait for enrichment at most, so that news are not kept waiting. */
  mostWaiting?: number;
}

export interface Rebuilt {
  history: number;
  raw: number;
  indicators: number;
}

/** Where it is, under `rebuild:current` in the store: a process that is killed leaves it, and the next one goes on from there. */
interface Place extends Rebuilt {
  /** Ids are cut into so many parts by their first digits. */
  digits: number;
  /** Parts that are on the bus. */
  done: number;
  finished: boolean;
}

const KEY = 'rebuild:current';
const LEASE = 'lease:rebuild';
const LEASE_MS = 30_000;
/** Statements of a part, about: they are in memory together. */
const PART = 2_000;
const MOST_DIGITS = 4;
const SEND_RECORDS = 1_000;
const SEND_BYTES = 512 * 1024;
const MOST_WAITING = 20_000;
const LOOK_EVERY_MS = 500;
const SAY_EVERY_MS = 5_000;

/**
 * Tells the enrichers once more what history holds and what is still on `ioc.raw`, so that they, the only writers, make every state anew. It
 * stops nothing: what happens meanwhile goes the ordinary way, and merging does not mind the order.
 */
export async function rebuildCurrent(options: RebuildOptions): Promise<Rebuilt> {
  const { bus, store, window, owner, signal, say } = options;
  const { cursors, indicators } = store;
  const keepLease = createLease(options);
  await keepLease();
  let place = await begin();
  const spoken = { at: Date.now() };
  say(`reading what ${TOPICS.raw} still has`);
  const raw = await newestRaw(leased(bus.scan(TOPICS.raw)), window);
  try {
    const parts = 16 ** place.value.digits;
    if (place.value.done > 0) say(`goes on at part ${place.value.done + 1} of ${parts}`);
    for (let part = place.value.done; part < parts; part += 1) {
      const told = await tellPart(part, place.value.digits);
      await keepLease();
      const { history, raw: rawTold, indicators: count } = place.value;
      await save({
        ...place.value,
        done: part + 1,
        history: history + told.history,
        raw: rawTold + told.raw,
        indicators: count + told.indicators,
        finished: part + 1 === parts,
      });
      if (Date.now() - spoken.at < SAY_EVERY_MS) continue;
      spoken.at = Date.now();
      say(`${part + 1} of ${parts} parts: ${describe(place.value)}`);
    }
  } finally {
    raw.close();
    await cursors.release(LEASE, owner);
  }
  const { history, raw: rawTold, indicators: count } = place.value;
  return { history, raw: rawTold, indicators: count };

  async function begin() {
    const there = await cursors.get(KEY);
    if (there !== undefined && isPlace(there.value) && !there.value.finished) {
      return { value: there.value, version: there.version };
    }
    await indicators.refresh();
    const { history } = await indicators.summary();
    let digits = 1;
    while (digits < MOST_DIGITS && history / 16 ** digits > PART) digits += 1;
    const value: Place = {
      digits,
      done: 0,
      finished: false,
      history: 0,
      raw: 0,
      indicators: 0,
    };
    return { value, version: (await cursors.put(KEY, value, there?.version ?? null)) ?? lost() };
  }

  async function save(value: Place): Promise<void> {
    place = { value, version: (await cursors.put(KEY, value, place.version)) ?? lost() };
  }

  async function tellPart(part: number, digits: number): Promise<Rebuilt> {
    const border = (at: number): string => at.toString(16).padStart(digits, '0');
    const from = border(part);
    const to = part + 1 === 16 ** digits ? undefined : border(part + 1);
    const byIndicator = new Map<string, Statement[]>();
    const add = (statement: Statement): void => {
      const known = byIndicator.get(statement.id);
      if (known === undefined) byIndicator.set(statement.id, [statement]);
      else known.push(statement);
    };
    const known = new Set<string>();
    let history = 0;
    for await (const page of indicators.statements({ from, to })) {
      for (const document of page) {
        const statement = fromHistory(document, window);
        if (statement === undefined) continue;
        add(statement);
        known.add(statement.id + statementKey(statement.claim));
        history += 1;
      }
      await keepLease();
    }
    const fromTopic = raw.between(from, to);
    for (const each of fromTopic) add(known.has(each.id + statementKey(each.claim)) ? inHistory(each) : each);
    let batch: Outgoing[] = [];
    let bytes = 0;
    const send = async (): Promise<void> => {
      if (batch.length === 0) return;
      await roomOnTopic();
      await bus.publish(TOPICS.raw, batch);
      batch = [];
      bytes = 0;
    };
    for (const statements of byIndicator.values()) {
      const records = decisiveFirst(statements, options.policy, window.latest).map(({ outgoing }) => outgoing);
      const size = records.reduce((sum, { value }) => sum + value.length, 0);
      // all of one indicator go together, so that the enricher finds them in one batch
      if (batch.length + records.length > SEND_RECORDS || bytes + size > SEND_BYTES) await send();
      batch.push(...records);
      bytes += size;
    }
    await send();
    return { history, raw: fromTopic.length, indicators: byIndicator.size };
  }

  /** Waits while enrichment is behind: what happens now must not stand at the end of a long queue. */
  async function roomOnTopic(): Promise<void> {
    const { mostWaiting = MOST_WAITING } = options;
    let said = Date.now();
    for (;;) {
      signal.throwIfAborted();
      await keepLease();
      const lag = await bus.lag(TOPICS.raw, ENRICH_GROUP);
      if (lag <= mostWaiting) return;
      if (Date.now() - said > SAY_EVERY_MS) {
        said = Date.now();
        say(`waits for enrichment, which has ${lag} records to read: does it run?`);
      }
      await pause(LOOK_EVERY_MS, signal);
    }
  }

  async function* leased<T>(records: AsyncIterable<T>): AsyncGenerator<T> {
    let read = 0;
    for await (const record of records) {
      yield record;
      read += 1;
      if (read % SEND_RECORDS === 0) {
        signal.throwIfAborted();
        await keepLease();
      }
    }
  }
}

export function describe({ history, raw, indicators }: Rebuilt): string {
  return `${history} statements of history and ${raw} of ${TOPICS.raw} about ${indicators} indicators`;
}

/** One rebuild at a time; that of a process that was killed ends within half a minute. */
function createLease({ store, owner, signal, say }: RebuildOptions): () => Promise<void> {
  let until = 0;
  return async () => {
    if (Date.now() < until) return;
    for (let waited = false; ; waited = true) {
      if (await store.cursors.lease(LEASE, owner, LEASE_MS)) break;
      if (until > 0) lost();
      if (!waited) say('another rebuild runs, or was killed within the last half minute: waiting for its lease');
      await pause(LOOK_EVERY_MS, signal);
      signal.throwIfAborted();
    }
    until = Date.now() + LEASE_MS / 3;
  };
}

function lost(): never {
  throw new TiplineError('REBUILD_TAKEN', 'another rebuild goes on with this one: leave it to that', {
    retryable: false,
  });
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && 'digits' in value && 'done' in value && 'finished' in value;
}
