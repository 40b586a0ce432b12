import { type Fields, isFields } from '../../../core/contract/fields.ts';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { MAX_INDICATOR_LENGTH } from '../../../core/indicator/canonical.ts';
import type { Tally } from '../../tally.ts';
import type { Statement } from './event.ts';
import { listOf, numberOf, stampOf, textOf, timeOf, truthOf } from './fields.ts';
import { addObject, type ObjectWords } from './object.ts';
import type { MispOptions } from './options.ts';
import { countOtherType, type Summary } from './summary.ts';
import { readTags, type TagWords } from './tags.ts';
import { type Found, findIndicators } from './types.ts';

const NONE: readonly Statement[] = [];
/** The longest value read: a file name or registry value stands before or behind the indicator. */
const VALUE_LENGTH = 4 * MAX_INDICATOR_LENGTH;
const CONTEXT_LENGTH = 256;

/** True for a JSON object that is an attribute. */
export function isAttribute(fields: Fields): boolean {
  return typeof fields.type === 'string' && fields.value !== undefined;
}

/** What one attribute says: no, one or two indicators. Counts it, and why it says nothing. */
export function statementsOf(
  attribute: Fields,
  object: ObjectWords | undefined,
  options: MispOptions,
  summary: Summary,
  tally: Tally,
): readonly Statement[] {
  const stamp = stampOf(attribute.timestamp);
  const id = stampOf(attribute.id);
  const uuid = textOf(attribute.uuid, 64);
  countAttribute(summary, stamp, id, uuid);
  const type = textOf(attribute.type, 64);
  if (options.types?.has(type) === false || isOutside(options.categories, attribute.category)) {
    summary.filtered += 1;
    return NONE;
  }
  if (typeof attribute.value === 'string' && attribute.value.length > VALUE_LENGTH) {
    tally.skip(summary.attributes, 'an attribute whose value is too long');
    return NONE;
  }
  const value = textOf(attribute.value, VALUE_LENGTH);
  const found = findIndicators(type, value);
  if (found === undefined) {
    countOtherType(summary, type);
    return NONE;
  }
  if (value === '') {
    tally.skip(summary.attributes, `an attribute of type ${type} without a value`);
    return NONE;
  }
  const deleted = truthOf(attribute.deleted, false) || object?.deleted === true;
  // an attribute that says nothing of the flag comes from no MISP: its author meant it
  const unsure = !truthOf(attribute.to_ids, true) && (options.toIds ?? 'only') !== 'ignore';
  let revoked = deleted;
  if (unsure && options.toIds !== 'prefer') {
    if (!deleted && options.switchedOff?.(id, stamp) !== true) {
      summary.notForDetection += 1;
      return NONE;
    }
    revoked = true;
  }
  const words = wordsOf(attribute);
  return found.map((each) => {
    const statement: Statement = { record: recordOf(each, attribute, uuid, object, type), stamp, words };
    if (revoked) statement.record.revoked = true;
    if (unsure && !revoked) statement.unsure = true;
    return statement;
  });
}

function countAttribute(summary: Summary, stamp: number, id: number, uuid: string): void {
  if (summary.attributes === 0) summary.first = uuid;
  summary.last = uuid;
  summary.attributes += 1;
  if (stamp > summary.newestAttribute) summary.newestAttribute = stamp;
  if (id > summary.greatestId) summary.greatestId = id;
}

function isOutside(wanted: ReadonlySet<string> | undefined, word: unknown): boolean {
  return wanted !== undefined && !(typeof word === 'string' && wanted.has(word));
}

function recordOf(
  found: Found,
  attribute: Fields,
  uuid: string,
  object: ObjectWords | undefined,
  type: string,
): RawIndicator {
  const { indicator, type: ours, composite, context } = found;
  const record: RawIndicator = { indicator: indicator.trim(), type: ours };
  if (uuid !== '') record.ref = uuid;
  if (composite === true) record.composite = true;
  const first = timeOf(attribute.first_seen);
  if (first !== undefined) record.first_seen = first;
  const last = timeOf(attribute.last_seen);
  if (last !== undefined) record.last_seen = last;
  const comment = textOf(attribute.comment, CONTEXT_LENGTH);
  if (comment !== '') record.description = comment;
  const category = textOf(attribute.category, 64);
  if (category !== '') record.categories = [category];
  record.context = { misp_type: type };
  const relation = textOf(attribute.object_relation, 64);
  if (relation !== '') record.context.object_relation = relation;
  if (context !== undefined) addRest(record, record.context, context);
  const sightings = sightingsOf(attribute.Sighting);
  if (sightings > 0) record.sightings = sightings;
  if (object !== undefined) addObject(record, object);
  return record;
}

/** What stood in the value beside the indicator. */
function addRest(
  record: RawIndicator,
  context: Record<string, unknown>,
  { port, filename, ...others }: Readonly<Record<string, string>>,
): void {
  const number = numberOf(port);
  if (number !== undefined) record.port = number;
  if (filename !== undefined) record.file = { name: filename.slice(0, CONTEXT_LENGTH) };
  for (const [name, text] of Object.entries(others)) context[name] = text.slice(0, CONTEXT_LENGTH);
}

/** MISP counts false positives (1) and ends (2) as sightings, too. */
function sightingsOf(told: unknown): number {
  let count = 0;
  for (const each of listOf(told)) if (isFields(each) && (numberOf(each.type) ?? 0) === 0) count += 1;
  return count;
}

/** Its tags, and the score of MISP's own decay, which takes tags and age into account and so comes before them. */
function wordsOf(attribute: Fields): TagWords {
  const words = readTags(attribute.Tag ?? attribute.AttributeTag);
  let score: number | undefined;
  for (const each of listOf(attribute.decay_score)) {
    const told = isFields(each) ? numberOf(each.score) : undefined;
    // several models judge it: it has not decayed while one of them holds on to it
    if (told !== undefined && told >= 0 && told <= 100) score = Math.max(score ?? 0, Math.round(told));
  }
  return score === undefined ? words : { ...words, confidence: score };
}
