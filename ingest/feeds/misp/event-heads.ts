import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { type JsonPath, type JsonWish, jsonParts } from '../../formats/json-stream.ts';
import { stampOf, textOf } from '../../formats/misp/fields.ts';
import { tagNames } from '../../formats/misp/tags.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { EventEntry } from './changed-events.ts';
import type { EventFilter } from './filter.ts';

/** More are no feed; an entry takes some hundred bytes. */
const MOST_EVENTS = 500_000;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export interface EventHeads {
  /** Those that the filter lets through. */
  entries: EventEntry[];
  /** The uuids of all. */
  listed: string[];
}

/**
 * The heads of events: a manifest (`{uuid: head}`) or an index (`[head]`), also one that is wrapped (`{"response": [...]}`, `[{"Event": head}]`).
 * An entry without a proper uuid is counted, since its uuid would become part of a URL.
 */
export async function readEventHeads(
  bytes: AsyncIterable<Buffer>,
  filter: EventFilter,
  tally: Tally,
): Promise<EventHeads> {
  const entries: EventEntry[] = [];
  const listed: string[] = [];
  let number = 0;
  const skip = (reason: string): void => tally.skip(number, reason);
  for await (const parts of jsonParts(bytes, { at: wishAt, maxElement: 4 * 1024 ** 2 })) {
    for (const part of parts) {
      if (part.kind === 'passed') {
        number += 1;
        skip(`an entry at byte ${part.offset}: ${part.reason}`);
        continue;
      }
      if (part.kind !== 'value') continue;
      number += 1;
      const { value, path } = part;
      const key = path.at(-1);
      const head = isFields(value) && isFields(value.Event) ? value.Event : value;
      if (!isFields(head)) throw noEvents(key);
      const uuid = typeof key === 'string' && UUID.test(key) ? key : textOf(head.uuid, 64);
      if (!UUID.test(uuid)) {
        if (head.timestamp === undefined && typeof key === 'string') throw noEvents(key);
        skip('an entry without the uuid of an event');
        continue;
      }
      listed.push(uuid.toLowerCase());
      if (isWanted(head, filter)) entries.push({ uuid: uuid.toLowerCase(), stamp: stampOf(head.timestamp) });
      if (listed.length > MOST_EVENTS) {
        throw new TiplineError(
          'FEED_TOO_LARGE',
          `more than ${MOST_EVENTS} events are listed; that is more than one feed can follow`,
          {
            retryable: false,
          },
        );
      }
    }
  }
  return { entries, listed };
}

function wishAt(path: JsonPath): JsonWish {
  if (path.length === 0 || (path.length === 1 && path[0] === 'response')) return 'into';
  return 'whole';
}

function isWanted(head: Fields, { tags, orgs, since, published }: EventFilter): boolean {
  if (since !== undefined && stampOf(head.timestamp) < since) return false;
  if (published && (head.published === false || head.published === '0' || head.published === 0)) return false;
  if (orgs !== undefined) {
    const org = isFields(head.Orgc) ? head.Orgc : {};
    const names = [textOf(org.name, 256), textOf(org.uuid, 64), textOf(head.orgc_uuid, 64)];
    if (!names.some((name) => name !== '' && orgs.has(name.toLowerCase()))) return false;
  }
  if (tags === undefined) return true;
  const names = new Set(tagNames(head.Tag ?? head.EventTag).map((name) => name.toLowerCase()));
  if (tags.not.some((tag) => names.has(tag))) return false;
  if (tags.and.some((tag) => !names.has(tag))) return false;
  return tags.or.length === 0 || tags.or.some((tag) => names.has(tag));
}

function noEvents(key: string | number | undefined): TiplineError {
  return new TiplineError(
    'FEED_SHAPE',
    `this is no list of events of MISP: "${printable(String(key ?? ''), 40)}" is no event; check the URL`,
    { retryable: true },
  );
}
