import type { Bus } from '../../../bus/port.ts';
import type { WarningListsConfig } from '../../../core/process/config/sections.ts';
import type { WorkerContext } from '../../../core/process/worker-context.ts';
import type { Cursors, IndicatorStore } from '../../../store/port.ts';
import { createActedOn } from '../acted-on.ts';
import { type BenignValues, createBenignValues, NOTHING_BENIGN } from './benign-values.ts';
import { createExceptions } from './exceptions.ts';
import { findListFiles, readListFiles } from './folders.ts';

/** Which lists were last acted on, by any enricher. */
const APPLIED = 'warning-lists:applied';

/** A file that is being copied is left to be finished, ms. */
const SETTLING = 2_000;

/** Problems told of one reading: a list of another format has one in every line. */
const MOST_TOLD = 20;

/** Keeps the warning lists fresh and has every indicator derived again about which they have changed their mind. */
export interface WarningListKeeper {
  current(): BenignValues;
  /** Feeds whose word stands against every list. */
  readonly exceptFeeds: ReadonlySet<string>;
  /** Reads the lists again when a file changed; puts rechecks on the bus for what is now known as harmless, or no longer. */
  refresh(now: number): Promise<void>;
}

export interface WarningListKeeperOptions {
  /** Folders, absolute paths: the shipped lists, and the operator's. */
  folders: readonly string[];
  config: WarningListsConfig;
  cursors: Cursors;
  store: IndicatorStore;
  bus: Bus;
  context: WorkerContext;
  /** Resolves when the batches that are in hand now have ended. */
  batchesEnded(): Promise<void>;
}

export function createWarningListKeeper(options: WarningListKeeperOptions): WarningListKeeper {
  const { folders, config, cursors, store, bus, context, batchesEnded } = options;
  const { log } = context;
  const exceptions = createExceptions(config.except);
  let values = NOTHING_BENIGN;
  /** The files as they were when they were read, and what they held. */
  let loaded: string | undefined;
  let digest = '';
  let acted: string | undefined;
  const actOn = createActedOn<string>({
    key: APPLIED,
    parse: (value) => (typeof value === 'string' ? value : undefined),
    ...{ cursors, store, bus, batchesEnded },
  });

  async function load(marks: string, files: Awaited<ReturnType<typeof findListFiles>>): Promise<void> {
    const started = performance.now();
    const { sorted, wholeHosts, problems, digest: read } = await readListFiles(files, config);
    values = createBenignValues(sorted, { exceptions, wholeHosts });
    loaded = marks;
    digest = read;
    for (const problem of problems.slice(0, MOST_TOLD)) log.warn({}, `warning list: ${problem}`);
    if (problems.length > MOST_TOLD)
      log.warn({}, `warning lists: ${problems.length - MOST_TOLD} more entries or files cannot be used`);
    const { lists, entries } = values;
    log.info({ lists, entries, ms: Math.round(performance.now() - started) }, 'warning lists are read');
  }

  async function announce(print: string): Promise<void> {
    const count = { read: 0 };
    const rechecks = await actOn(print, (before) => {
      // without lists now or ever there is nothing to change
      const never = before === undefined && values.entries === 0;
      return never || before === print ? undefined : spokenOf(count);
    });
    acted = print;
    if (rechecks !== undefined)
      log.info({ ...count, rechecks }, 'warning lists changed: indicators that they speak of are derived again');
  }

  /** Lists have hundreds of thousands of entries, so the indicators are gone through, not the entries. */
  async function* spokenOf(count: { read: number }): AsyncGenerator<string[]> {
    for await (const page of store.values()) {
      count.read += page.length;
      yield page.filter(({ type, value, benign }) => values.listOf({ type, value }) !== benign).map(({ id }) => id);
    }
  }

  return {
    current: () => values,
    exceptFeeds: new Set(config.except_feeds),
    async refresh(now) {
      const files = await findListFiles(folders);
      const marks = files.map(({ mark }) => mark).join('\n');
      if (marks !== loaded) {
        const settling = files.some(({ changedAt }) => changedAt > now - SETTLING && changedAt <= now);
        if (settling && loaded !== undefined) return;
        await load(marks, files);
      }
      const { except, except_feeds, whole_hosts, except_lists } = config;
      const print = JSON.stringify([digest, except, except_feeds, except_lists, whole_hosts]);
      if (acted !== print) await announce(print);
    },
  };
}
