import { readFile } from 'node:fs/promises';
import type { Bus } from '../../bus/port.ts';
import { INDICATOR_TYPES, type IndicatorType } from '../../core/indicator/type.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { Cursors, IndicatorStore } from '../../store/port.ts';
import { createActedOn } from './acted-on.ts';
import { type AllowList, createAllowList } from './allow-list.ts';
import {
  ALLOW_LIST_APPLIED,
  type AllowEntry,
  readAllowLines,
  SHARED_ALLOW_LIST,
  type SharedAllowEntry,
} from './entry.ts';

/** Keeps the allow list fresh and has every indicator derived again that a changed entry covers. */
export interface ListKeeper {
  /** The list as it is now. */
  current(): AllowList;
  /** Reads files and the shared list again; puts rechecks on the bus for what came or went. */
  refresh(now: number): Promise<void>;
}

export interface ListKeeperOptions {
  /** Operator files, absolute paths. */
  files: readonly string[];
  cursors: Cursors;
  store: IndicatorStore;
  bus: Bus;
  context: WorkerContext;
  /** Resolves when the batches that are in hand now have ended. */
  batchesEnded(): Promise<void>;
}

export function createListKeeper({ files, cursors, store, bus, context, batchesEnded }: ListKeeperOptions): ListKeeper {
  let list = createAllowList([], 0);
  let fingerprint: string | undefined;
  let told = '';
  const actOn = createActedOn<readonly string[]>({
    key: ALLOW_LIST_APPLIED,
    parse: (value) => (Array.isArray(value) ? value.map(String) : undefined),
    ...{ cursors, store, bus, batchesEnded },
  });

  async function gather(): Promise<AllowEntry[]> {
    const entries: AllowEntry[] = [];
    const found: string[] = [];
    for (const path of files) {
      const { entries: read, problems } = readAllowLines(await readList(path), path);
      found.push(...problems);
      entries.push(...read);
    }
    tellProblems(found);
    const shared = await cursors.get(SHARED_ALLOW_LIST);
    return [...entries, ...sharedEntries(shared?.value)];
  }

  /** Once, and again when they change: the files are read every few seconds. */
  function tellProblems(found: readonly string[]): void {
    const text = found.join('\n');
    if (text !== told) for (const problem of found) context.log.warn({}, `allow list: ${problem}`);
    told = text;
  }

  async function announce(live: readonly AllowEntry[]): Promise<void> {
    const after = new Set(live.map(({ indicator }) => `${indicator.type} ${indicator.value}`));
    let changed: string[] = [];
    const rechecks = await actOn([...after], (told) => {
      const before = new Set(told);
      changed = [...after].filter((key) => !before.has(key)).concat([...before].filter((key) => !after.has(key)));
      return changed.length === 0 ? undefined : covered(changed);
    });
    if (rechecks !== undefined)
      context.log.info({ changed: changed.length, rechecks }, 'allow list changed: what it covers is derived again');
  }

  async function* covered(changed: readonly string[]): AsyncGenerator<string[]> {
    for (const key of changed) {
      const at = key.indexOf(' ');
      yield* store.findCovered({ type: key.slice(0, at) as IndicatorType, value: key.slice(at + 1) });
    }
  }

  return {
    current: () => list,
    async refresh(now) {
      const entries = await gather();
      const live = entries.filter((entry) => entry.until > now);
      const print = live.map((entry) => `${entry.indicator.type} ${entry.indicator.value} ${entry.reason}`).join('\n');
      if (print === fingerprint) return;
      // the new list first: a recheck must not meet the old one
      list = createAllowList(live, now);
      await announce(live);
      fingerprint = print;
    },
  };
}

async function readList(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new TiplineError(
      'CONFIG_ALLOW_FILE',
      `the allow list ${path} cannot be read: correct enrich.allow, or create it`,
      {
        cause,
        retryable: false,
      },
    );
  }
}

function sharedEntries(value: unknown): AllowEntry[] {
  if (!Array.isArray(value)) return [];
  return (value as SharedAllowEntry[]).flatMap((entry) => {
    const type = INDICATOR_TYPES.find((known) => known === entry.type);
    if (type === undefined || typeof entry.value !== 'string') return [];
    const until = entry.until === null ? Number.POSITIVE_INFINITY : Date.parse(entry.until);
    return [{ indicator: { type, value: entry.value }, reason: entry.reason, until, from: 'tipline allow' }];
  });
}
