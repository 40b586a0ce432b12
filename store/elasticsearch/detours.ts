import type { Client } from '@elastic/elasticsearch';
import { isFields } from '../../core/contract/fields.ts';
import { ElasticsearchError } from './error.ts';

/** A document that belongs to one day and may stand on another. */
export interface Detour {
  /** The day's index that it belongs to, and the one that takes it when that is blocked. */
  readonly from: string;
  readonly to: string;
  readonly id: string;
}

/**
 * Remembers of which days documents were filed on another day, because their own was blocked: otherwise the same statement, read again when the
 * block is gone, would be filed a second time. The day that took them says so in its mapping, so every process knows, and where nothing was
 * ever blocked nothing is looked up.
 */
export interface Detours {
  /** To be called before documents go another way. */
  note(detours: readonly Detour[]): Promise<void>;
  /** Those that stand on the other day already, by their place in `detours`. */
  taken(detours: readonly Detour[]): Promise<Set<number>>;
}

const FRESH_MS = 10_000;
const IDS_A_REQUEST = 1_000;
const KEY = 'redirected_from';

export function createDetours(client: Client, now: () => number = Date.now): Detours {
  const known = new Map<string, { at: number; days: ReadonlySet<string> }>();

  async function metaOf(index: string): Promise<Record<string, unknown>> {
    try {
      const { [index]: found } = await client.indices.getMapping({ index });
      const meta: unknown = found?.mappings._meta;
      return isFields(meta) ? meta : {};
    } catch (error) {
      if (error instanceof ElasticsearchError && error.status === 404) return {};
      throw error;
    }
  }

  function remember(index: string, meta: Record<string, unknown>): ReadonlySet<string> {
    const days = new Set(Array.isArray(meta[KEY]) ? meta[KEY].map(String) : []);
    if (known.size > 1_000) known.clear();
    known.set(index, { at: now(), days });
    return days;
  }

  async function daysOn(index: string): Promise<ReadonlySet<string>> {
    const there = known.get(index);
    if (there !== undefined && now() - there.at < FRESH_MS) return there.days;
    return remember(index, await metaOf(index));
  }

  async function makeIfMissing(index: string): Promise<void> {
    try {
      await client.indices.create({ index });
    } catch (error) {
      if (!(error instanceof ElasticsearchError) || error.server.type !== 'resource_already_exists_exception')
        throw error;
    }
  }

  return {
    async note(detours) {
      for (const [to, some] of byTarget(detours)) {
        const from = new Set(some.map(({ detour }) => detour.from));
        const noted = await daysOn(to);
        if ([...from].every((day) => noted.has(day))) continue;
        await makeIfMissing(to);
        const meta = await metaOf(to);
        // a day that is not ours takes nothing from us, least of all a mark
        if (typeof meta.tipline_schema !== 'number') continue;
        const days = [...new Set([...remember(to, meta), ...from])];
        await client.indices.putMapping({ index: to, _meta: { ...meta, [KEY]: days } });
        remember(to, { [KEY]: days });
      }
    },

    async taken(detours) {
      const found = new Set<number>();
      for (const [to, some] of byTarget(detours)) {
        const days = await daysOn(to);
        const asked = some.filter(({ detour }) => days.has(detour.from));
        for (let at = 0; at < asked.length; at += IDS_A_REQUEST) {
          const part = asked.slice(at, at + IDS_A_REQUEST);
          const { docs } = await client.mget({ index: to, ids: part.map(({ detour }) => detour.id), _source: false });
          for (const [index, doc] of docs.entries()) {
            const place = part[index]?.place;
            if ('found' in doc && doc.found && place !== undefined) found.add(place);
          }
        }
      }
      return found;
    },
  };
}

function byTarget(detours: readonly Detour[]): Map<string, { detour: Detour; place: number }[]> {
  const groups = new Map<string, { detour: Detour; place: number }[]>();
  for (const [place, detour] of detours.entries()) {
    const group = groups.get(detour.to);
    if (group === undefined) groups.set(detour.to, [{ detour, place }]);
    else group.push({ detour, place });
  }
  return groups;
}
