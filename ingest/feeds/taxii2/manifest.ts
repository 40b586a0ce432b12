import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { textIn, truthIn } from '../../formats/fields.ts';
import { type JsonPath, type JsonWish, jsonParts } from '../../formats/json-stream.ts';
import { listText } from '../../formats/text.ts';
import { dateAdded, latestOf } from './date-added.ts';
import { questionUrl, type Reading, statusOf } from './reading.ts';

/** `newest` is undefined when nothing was added since. */
export type ManifestAnswer = { kind: 'read'; newest: string | undefined } | { kind: 'none' };

/**
 * When the newest of the objects behind `since` was added, by the collection's manifest; for servers that leave it out of their headers.
 *
 * It must be asked before the objects: what is added in between is newer than the answer, and so comes with the next reading. Where its
 * pages cannot be followed to their end the answer is too old, which costs repeats and loses nothing.
 */
export async function newestInManifest(reading: Reading, since: string | undefined): Promise<ManifestAnswer> {
  let newest: string | undefined;
  let entries = 0;
  let next: string | undefined;
  do {
    reading.spend();
    let page: ManifestPage;
    try {
      page = await readManifestPage(reading, since, next);
    } catch (error) {
      const status = statusOf(error) ?? 0;
      if (next !== undefined && status >= 400 && status < 500) break;
      if (status === 403 || status === 404 || status === 405 || status === 406 || status === 501)
        return { kind: 'none' };
      throw error;
    }
    newest = latestOf(newest, page.newest);
    entries += page.entries;
    next = page.entries === 0 ? undefined : page.next;
  } while (next !== undefined && !reading.context.signal.aborted);
  return entries > 0 && newest === undefined ? { kind: 'none' } : { kind: 'read', newest };
}

interface ManifestPage {
  newest: string | undefined;
  entries: number;
  next: string | undefined;
}

async function readManifestPage(
  reading: Reading,
  since: string | undefined,
  next: string | undefined,
): Promise<ManifestPage> {
  const { connection, collection, context } = reading;
  const { version } = collection;
  const url = questionUrl(reading, 'manifest/', [
    ...(since === undefined ? [] : [['added_after', since] as const]),
    ...(version === '2.1' ? [['limit', String(reading.limit)] as const] : []),
    ...(next === undefined ? [] : [['next', next] as const]),
  ]);
  const also = version === '2.0' ? [206] : [];
  const answer = await connection.objects({ url, version, also, signal: context.signal }, 'document');
  const page: ManifestPage = { newest: undefined, entries: 0, next: undefined };
  if (answer.status === 204) {
    for await (const _ of answer.bytes);
    return page;
  }
  const head: Record<string, unknown> = Object.create(null);
  const bytes = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
  for await (const parts of jsonParts(bytes, { at: wishAt })) {
    for (const part of parts) {
      if (part.kind !== 'value') continue;
      const [name] = part.path;
      if (part.path.length === 1 && (name === 'more' || name === 'next')) head[name] = part.value;
      if (part.path.length !== 2) continue;
      page.entries += 1;
      page.newest = latestOf(page.newest, dateOf(part.value));
    }
  }
  const fields: Fields = { ...head };
  return truthIn(fields, 'more') === true ? { ...page, next: textIn(fields, 'next') } : page;
}

function dateOf(entry: unknown): string | undefined {
  return isFields(entry) ? dateAdded(entry.date_added) : undefined;
}

function wishAt(path: JsonPath): JsonWish {
  if (path.length === 0) return 'into';
  if (path[0] !== 'objects') return path.length === 1 && (path[0] === 'more' || path[0] === 'next') ? 'whole' : 'pass';
  return path.length === 1 ? 'into' : 'whole';
}
