import { type Fields, isFields } from '../../../core/contract/fields.ts';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { isoOf, numberOf, stampOf, textOf } from './fields.ts';
import { joinTags, readTags, type TagWords } from './tags.ts';

/** What an event says of all its attributes. */
export interface EventHead {
  uuid: string;
  info: string;
  /** Of its last change, seconds; 0 when not told. */
  stamp: number;
  /** The same as text. */
  said: string;
  severity: number | undefined;
  tags: TagWords;
  context: Record<string, string>;
}

/** An indicator of an attribute, to which its event is still missing. */
export interface Statement {
  /** `description` is the attribute's comment, `tags`, `tlp`, … are in `words`. */
  record: RawIndicator;
  /** The attribute's last change, seconds; 0 when not told. */
  stamp: number;
  words: TagWords;
  /** Its flag to_ids is off. */
  unsure?: true;
  /** Number of the object it is part of, when that was not at its end yet. */
  object?: number;
}

const INFO_LENGTH = 300;
/** `threat_level_id`: high, medium, low; 4 is undefined. */
const SEVERITIES: Readonly<Record<number, number>> = { 1: 90, 2: 60, 3: 30 };
/** Of what is not for detection and is taken nevertheless. */
const UNSURE = 20;
const DESCRIPTION_LENGTH = 500;

/** Reads the fields of an event, whole or embedded in an attribute. */
export function headOf(fields: Fields): EventHead {
  const uuid = textOf(fields.uuid, 64);
  const info = textOf(fields.info, INFO_LENGTH);
  const org = isFields(fields.Orgc) ? textOf(fields.Orgc.name, 128) : '';
  const date = textOf(fields.date, 10);
  const context: Record<string, string> = {};
  if (info !== '') context.event_info = info;
  if (date !== '') context.event_date = date;
  if (org !== '') context.org = org;
  // an event that is embedded in an attribute may bring nothing but the time of its publication
  const stamp = stampOf(fields.timestamp) || stampOf(fields.publish_timestamp);
  return {
    uuid,
    info,
    stamp,
    said: isoOf(stamp),
    severity: SEVERITIES[numberOf(fields.threat_level_id) ?? 0],
    tags: readTags(fields.Tag ?? fields.EventTag),
    context,
  };
}

/**
 * Completes a statement with what its event says.
 *
 * It is told at the later change of attribute and event: a tag put on the event (a stricter TLP, say) changes the event alone, and of two
 * statements with one time the one that stays is not the later. `last_seen` stays with the attribute, so that an event which is edited
 * does not make its old attributes young.
 */
export function complete(
  statement: Statement,
  head: EventHead,
  eventUrl: ((uuid: string) => string) | undefined,
): RawIndicator {
  const { record, stamp } = statement;
  const words = joinTags(statement.words, head.tags);
  const said = Math.max(stamp, head.stamp);
  if (said > 0) record.timestamp = said === head.stamp ? head.said : isoOf(said);
  if (stamp > 0 && stamp < said) record.last_seen ??= isoOf(stamp);
  sortTimes(record);
  const { tags, tlp, malware, actors } = words;
  const confidence = statement.unsure === true ? Math.min(words.confidence ?? UNSURE, UNSURE) : words.confidence;
  if (confidence !== undefined) record.confidence = confidence;
  if (head.severity !== undefined) record.severity = head.severity;
  if (tags !== undefined) record.tags = tags;
  if (tlp !== undefined) record.tlp = tlp;
  if (malware !== undefined) record.malware = malware;
  const description = describe(record.description ?? '', head.info);
  if (description !== '') record.description = description;
  if (head.uuid !== '') record.event_id = head.uuid;
  if (eventUrl !== undefined && head.uuid !== '') record.reference = eventUrl(head.uuid);
  record.context = {
    ...head.context,
    ...(actors === undefined ? {} : { threat_actor: actors.join(', ') }),
    ...record.context,
  };
  return record;
}

/** Whoever says when it was seen first was not asked to say when it was seen last: that was not before. */
function sortTimes(record: RawIndicator): void {
  if (record.first_seen === undefined) return;
  const last = record.last_seen ?? record.timestamp;
  if (last === undefined || Date.parse(last) < Date.parse(record.first_seen)) record.last_seen = record.first_seen;
}

function describe(comment: string, info: string): string {
  if (comment === '') return info;
  if (info === '' || comment.includes(info)) return comment;
  return `${comment} (${info})`.slice(0, DESCRIPTION_LENGTH);
}
