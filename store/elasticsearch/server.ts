import type { Client } from '@elastic/elasticsearch';
import { TiplineError } from '../../core/process/errors.ts';
import { ElasticsearchError } from './error.ts';

/** The oldest version that the client's product check and media type work with. */
const OLDEST = [7, 14] as const;

/** Versions that the adapter is tested with; the client also talks to the next major. */
export interface ServerVersion {
  number: string;
  major: number;
  minor: number;
}

/**
 * Asks who answers. Throws a TiplineError that says what to do when it is not an Elasticsearch that tipline can use.
 */
export async function readVersion(client: Client): Promise<ServerVersion> {
  const { version } = await client.info();
  const number = typeof version?.number === 'string' ? version.number : 'unknown';
  const match = /^(\d+)\.(\d+)\./.exec(number);
  const major = Number(match?.[1] ?? 0);
  const minor = Number(match?.[2] ?? 0);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    throw new TiplineError(
      'STORE_VERSION',
      `Elasticsearch ${number} is too old: tipline needs ${OLDEST.join('.')} or later (7.17, 8 and 9 are tested)`,
      { retryable: false },
    );
  }
  return { number, major, minor };
}

/**
 * Field types that not every server has: `wildcard` belongs to the default distribution, OpenSource builds go without.
 */
export interface FieldTypes {
  wildcard: boolean;
  flattened: boolean;
}

/** Asks the server itself, by a simulated template, because neither version nor distribution tells. */
export async function readFieldTypes(client: Client): Promise<FieldTypes> {
  return { wildcard: await hasFieldType(client, 'wildcard'), flattened: await hasFieldType(client, 'flattened') };
}

async function hasFieldType(client: Client, type: 'wildcard' | 'flattened'): Promise<boolean> {
  try {
    await client.indices.simulateTemplate({
      index_patterns: [`tipline-ask-${type}-*`],
      template: { mappings: { properties: { asked: { type } } } },
      // Above every template that could overlap, or the server refuses two of one priority.
      priority: 2_000_000_000,
    });
    return true;
  } catch (error) {
    if (error instanceof ElasticsearchError && error.status === 400) return false;
    throw error;
  }
}
