import type { Client } from '@elastic/elasticsearch';
import { isFields } from '../../core/contract/fields.ts';
import { ElasticsearchError } from './error.ts';
import type { Names } from './names.ts';

/** What stands, or would stand, under a name. Only `_meta.tipline_schema` in its mapping makes an index ours. */
export type Owner = 'ours' | 'nobody' | 'others';

/**
 * Name of a dynamic template that exists nowhere. A bulk item that asks for it on a field is taken by an index that has the field mapped, as
 * ours have, and refused by one that would have to guess it: so the server itself keeps us out of an index that somebody made a moment ago.
 */
export const NO_GUESSING = 'tipline_never_guessed';

/** Which indices are ours, remembered for a moment. */
export interface Ownership {
  /** Those of `indices` that belong to others, each with what to tell an operator. An index that cannot be asked about counts as ours: the write itself will tell. */
  strangersAmong(indices: ReadonlySet<string>): Promise<Map<string, string>>;
  /** The next look asks the server again. */
  forget(index: string): void;
}

const FRESH_MS = 2_000;

interface Look {
  at: number;
  /** Undefined: not a stranger. */
  trouble: string | undefined;
}

export function createOwnership(client: Client, names: Names, now: () => number = Date.now): Ownership {
  const looks = new Map<string, Look>();

  async function look(index: string): Promise<string | undefined> {
    const known = looks.get(index);
    if (known !== undefined && now() - known.at < FRESH_MS) return known.trouble;
    let trouble: string | undefined;
    try {
      const owner = await ownerOf(client, index);
      if (owner === 'others') trouble = strangerMessage([index]);
      else if (owner === 'nobody' && names.isDay(index) && !(await wouldBeOurs(client, index))) {
        trouble = strangeTemplateMessage(index);
      }
    } catch (error) {
      if (!(error instanceof ElasticsearchError)) throw error;
      return undefined;
    }
    if (looks.size > 1_000) looks.clear();
    looks.set(index, { at: now(), trouble });
    return trouble;
  }

  return {
    async strangersAmong(indices) {
      const strangers = new Map<string, string>();
      await Promise.all(
        [...indices].map(async (index) => {
          const trouble = await look(index);
          if (trouble !== undefined) strangers.set(index, trouble);
        }),
      );
      return strangers;
    },
    forget: (index) => void looks.delete(index),
  };
}

/** For an operator: whose it is, and the two ways out. */
export function strangerMessage(indices: readonly string[]): string {
  const [first = ''] = indices;
  const which = indices.length === 1 ? `index ${first} was` : `${indices.length} indices (${listed(indices)}) were`;
  return `${which} not made by tipline and will not be touched: give store.prefix a value, or run \`tipline setup --beside\`, which takes another name for history and an alias for reading both`;
}

export function strangeTemplateMessage(index: string): string {
  return `an index template that is not tipline's would make ${index}: give it a pattern or a priority (below 300) that leaves this name alone, give store.prefix a value, or run \`tipline setup\` when tipline's own templates were deleted`;
}

const MOST_LISTED = 10;

function listed(names: readonly string[]): string {
  const rest = names.length - MOST_LISTED;
  return names.slice(0, MOST_LISTED).join(', ') + (rest > 0 ? `, and ${rest} more` : '');
}

/** The name stands for an index that has another name. */
export async function isAlias(client: Client, name: string): Promise<boolean> {
  const { aliases } = await client.indices.resolveIndex({ name, expand_wildcards: 'all' });
  return aliases.some((alias) => alias.name === name);
}

/**
 * Whose the name is, be it that of an index, an alias or a data stream: all that stands behind it must be ours. One whose metadata is
 * blocked cannot be read, so it is not ours to touch.
 */
export async function ownerOf(client: Client, name: string): Promise<Owner> {
  try {
    const found = await marksOf(client, name);
    if (found.size === 0) return 'nobody';
    return [...found.values()].every(Boolean) ? 'ours' : 'others';
  } catch (error) {
    if (!(error instanceof ElasticsearchError)) throw error;
    if (error.server.type === 'cluster_block_exception') return 'others';
    if (error.status === 404) return 'nobody';
    throw error;
  }
}

async function marksOf(client: Client, name: string): Promise<Map<string, boolean>> {
  const reply = await client.transport.request<unknown>({
    method: 'GET',
    path: `/${encodeURIComponent(name)}`,
    querystring: {
      // every index has a uuid: so those without a mark are in the answer too
      filter_path: '*.settings.index.uuid,*.mappings._meta.tipline_schema',
      expand_wildcards: 'all',
    },
  });
  const found = new Map<string, boolean>();
  for (const [index, told] of Object.entries(isFields(reply) ? reply : {})) found.set(index, isMarked(told));
  return found;
}

/** The indices under a pattern, each with whether it is ours. One whose metadata is blocked keeps none of the others from being seen. */
export async function indicesUnder(client: Client, pattern: string): Promise<Map<string, boolean>> {
  try {
    return await marksOf(client, pattern);
  } catch (error) {
    if (!(error instanceof ElasticsearchError) || error.server.type !== 'cluster_block_exception') throw error;
  }
  const { indices } = await client.indices.resolveIndex({ name: pattern, expand_wildcards: 'all' });
  const found = new Map<string, boolean>();
  for (const { name } of indices) found.set(name, (await ownerOf(client, name)) === 'ours');
  return found;
}

/** Would an index of this name, made by writing to it, be ours? Who may not ask is not kept from writing. */
export async function wouldBeOurs(client: Client, index: string): Promise<boolean> {
  try {
    const reply = await client.transport.request<unknown>({
      method: 'POST',
      path: `/_index_template/_simulate_index/${encodeURIComponent(index)}`,
      querystring: { filter_path: 'template.mappings._meta.tipline_schema' },
    });
    return isFields(reply) && isMarked(reply.template);
  } catch (error) {
    if (error instanceof ElasticsearchError && error.status === 403) return true;
    throw error;
  }
}

function isMarked(told: unknown): boolean {
  const mappings = isFields(told) ? told.mappings : undefined;
  const meta = isFields(mappings) ? mappings._meta : undefined;
  return isFields(meta) && typeof meta.tipline_schema === 'number';
}
