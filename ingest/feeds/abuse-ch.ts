import { z } from 'zod';
import { isFields } from '../../core/contract/fields.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { FetchError } from '../fetch/fetch-error.ts';
import { type JsonPath, type JsonWish, jsonParts } from '../formats/json-stream.ts';
import type { Row } from '../formats/rows.ts';
import { printable } from '../printable.ts';
import { refusalOf } from '../refusal.ts';
import type { Tally } from '../tally.ts';

/** What the platforms of abuse.ch have in common: one key for all of them, the shape of their answers, and that of their exports. */

const KEY_HINT = `get a free key at https://auth.abuse.ch/ and write auth_key: "\${ABUSECH_KEY}"`;

export const authKey = z
  .string({ error: `must be the Auth-Key of abuse.ch: ${KEY_HINT}` })
  .min(1)
  .max(500)
  .regex(/^[A-Za-z0-9_-]+$/, `must be a key of letters and digits: ${KEY_HINT}`);

/** Told at the key `auth_key` when a feed asks for something that needs one. */
export const KEY_NEEDED = `is missing: ${KEY_HINT}`;

/** The address of an export, which has the key in its path. */
export function exportUrl(host: string, key: string, file: string): string {
  return `https://${host}/v2/files/exports/${key}/${file}`;
}

/** An export in which every entry is the only element of a list that is named by its id. */
export function byId(path: JsonPath): JsonWish {
  return path.length < 2 ? 'into' : 'whole';
}

/** An answer of the API that holds nothing; the others that are not `ok` are refusals. */
const NO_RESULT: ReadonlySet<string> = new Set(['no_result', 'no_results', 'no_urls']);

/** Rows of the list `name` in an answer of the API. Throws FEED_REFUSED when the answer says that it is none. */
export async function* apiRows(bytes: AsyncIterable<Buffer>, name: string, tally: Tally): AsyncGenerator<Row[]> {
  const at = (path: JsonPath): JsonWish => {
    if (path.length === 0) return 'into';
    if (path[0] === name) return path.length === 1 ? 'into' : 'whole';
    return path[0] === 'query_status' ? 'whole' : 'pass';
  };
  let status: unknown;
  let said: unknown;
  let where = 0;
  for await (const parts of jsonParts(bytes, { at })) {
    const rows: Row[] = [];
    for (const part of parts) {
      if (part.kind === 'passed') {
        where += 1;
        tally.skip(where, part.reason, refusalOf(part.reason));
      } else if (part.kind === 'value' && part.path.length < 2) {
        // where the list should be stands a text when something is wrong
        if (part.path[0] === 'query_status') status = part.value;
        else said = part.value;
      } else if (part.kind === 'value') {
        where += 1;
        if (isFields(part.value)) rows.push({ fields: part.value, where });
        else tally.skip(where, 'not a JSON object', 'malformed');
      }
    }
    if (rows.length > 0) yield rows;
  }
  if (status === 'ok' || (typeof status === 'string' && NO_RESULT.has(status))) return;
  const words = [status, said].flatMap((word) => (typeof word === 'string' ? [printable(word, 100)] : []));
  throw new TiplineError(
    'FEED_REFUSED',
    words.length === 0
      ? 'the answer has no query_status: this is no API of abuse.ch, or its answers have changed'
      : `the API answers "${words.join(': ')}"; check "auth_key" and "url"`,
    { retryable: true },
  );
}

/** A refusal by status, in words for whoever holds the key. */
export function explained(error: unknown): unknown {
  const status = error instanceof FetchError ? error.refusal?.status : undefined;
  if (status !== 401 && status !== 403) return error;
  return new FetchError('FEED_UNAUTHORIZED', `abuse.ch does not know this auth_key; ${KEY_HINT}`, { retryable: false });
}
