import { readFile } from 'node:fs/promises';
import type { Bus } from '../../bus/port.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { INDICATOR_TYPES, type Indicator, type IndicatorType } from '../../core/indicator/type.ts';
import type { WorkerContext } from '../../core/process/worker-context.ts';
import type { Cursors, IndicatorStore } from '../../store/port.ts';
import { type AllowList, createAllowList } from './allow-list.ts';
import { type AllowEntry, readAllowLines, SHARED_ALLOW_LIST, type SharedAllowEntry } from './entry.ts';

/** Which entries were last acted on, by any enricher; the difference to now is what must be derived again. */
const APPLIED = 'allow-list:applied';

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
}

export function createListKeeper({ files, cursors, store, bus, context }: ListKeeperOptions): ListKeeper {
  let list = createAllowList([], 0);
  let fingerprint: string | undefined;
  /** Entries that this enricher acted on last; at its start, what any enricher did. */
  let acted: ReadonlySet<string> | undefined;

  async function gather(): Promise<AllowEntry[]> {
    const entries: AllowEntry[] = [];
    for (const path of files) {
      const { entries: read, problems } = readAllowLines(await readFile(path, 'utf8'), path);
      for (const problem of problems) context.log.warn({ list: path }, `allow list: ${problem}`);
      entries.push(...read);
    }
    const shared = await cursors.get(SHARED_ALLOW_LIST);
    return [...entries, ...sharedEntries(shared?.value)];
  }

  /**
   * Rechecks for the entries that came or went. Every enricher does it for itself, after it has the new list: so the last one to
   * notice a change still has everything derived again under the new list, whoever reads the recheck.
   */
  async function announce(entries: readonly AllowEntry[], now: number): Promise<void> {
    const applied = await cursors.get(APPLIED);
    const before = acted ?? new Set(Array.isArray(applied?.value) ? applied.value.map(String) : []);
    const after = new Set(
      entries.filter((entry) => entry.until > now).map(({ indicator }) => `${indicator.type} ${indicator.value}`),
    );
    const changed = [...after].filter((key) => !before.has(key)).concat([...before].filter((key) => !after.has(key)));
    acted = after;
    if (changed.length === 0) return;
    await store.refresh();
    let rechecks = 0;
    for (const key of changed) {
      const at = key.indexOf(' ');
      const covering: Indicator = { type: key.slice(0, at) as IndicatorType, value: key.slice(at + 1) };
      for await (const ids of store.findCovered(covering)) {
        await bus.publish(
          TOPICS.raw,
          ids.map((id) => ({ key: id, value: JSON.stringify({ recheck: id }) })),
        );
        rechecks += ids.length;
      }
    }
    await cursors.put(APPLIED, [...after], applied?.version ?? null);
    context.log.info({ changed: changed.length, rechecks }, 'allow list changed: what it covers is derived again');
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
      await announce(live, now);
      fingerprint = print;
    },
  };
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
