import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { typeFromAlias } from '../../../core/indicator/alias.ts';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { addTold, hasAny, joined } from './common.ts';
import type { Base, Known, Leaf, Statement } from './draft.ts';
import type { Link } from './links.ts';
import { fixedTlp } from './marking.ts';
import { compareTimes, earlier, later } from './time.ts';
import type { Version } from './versions.ts';

/** What is known of an id; undefined when it was not among what was read, or was withdrawn. */
export type LookUp = (id: string) => Known | undefined;

export interface Composed {
  readonly base: Base;
  /** Marking definitions that nobody has told, so that it is not known what they forbid. */
  readonly unknownMarks: readonly string[];
}

type Thing = Exclude<Known, { what: 'marking' }>;

const MOST_WORDS = 32;
/** As many as the enricher takes. */
const MOST_SIGHTINGS = 2 ** 31 - 1;

/** All that the records of an indicator have in common, completed with what other objects say. Changes the draft. */
export function composeIndicator(
  { said, revoked, draft }: Version<Statement>,
  link: Link | undefined,
  look: LookUp,
): Composed {
  const { base } = draft;
  const context = base.context ?? {};
  const things = thingsOf(link, look);
  addThings(base, context, things);
  const { sightings } = link ?? {};
  if (sightings !== undefined) {
    if (sightings.first !== undefined) base.first_seen = sightings.first;
    // without one its `modified` counts as last seen, and a sighting that is older must not make it shorter-lived
    if (sightings.last !== undefined && compareTimes(sightings.last, said) > 0) base.last_seen = sightings.last;
    if (sightings.count > 0) base.sightings = Math.min(sightings.count, MOST_SIGHTINGS);
    if (sightings.last !== undefined) context.last_sighting = sightings.last;
    if (sightings.negative > 0) context.negative_sightings = sightings.negative;
  }
  if (revoked) base.revoked = true;
  return complete(draft, context, said, marksOf(draft, link, things), look);
}

/**
 * The same of an observable. One that was only observed somewhere, or only is a part of something, has no confidence, not even
 * the feed's: networks are full of harmless addresses.
 */
export function composeObservable(
  { said, revoked, draft }: Version<Statement>,
  link: Link | undefined,
  look: LookUp,
): Composed {
  const { base } = draft;
  const context = base.context ?? {};
  const things = thingsOf(link, look);
  addThings(base, context, things);
  const { observed, sightings } = link ?? {};
  const first = earlier(observed?.first, sightings?.first);
  const last = later(observed?.last, sightings?.last);
  if (first !== undefined) base.first_seen = first;
  if (last !== undefined) base.last_seen = last;
  if ((observed !== undefined || link?.part === true) && things.length === 0) base.confidence ??= 0;
  if (observed !== undefined) context.observed_data = observed.ref;
  if (revoked) base.revoked = true;
  return complete(draft, context, said === '' ? (observed?.said ?? '') : said, marksOf(draft, link, things), look);
}

/** The records of one object: one a value, and no value twice, for they would contradict each other under one ref. */
export function recordsOf(base: Base, leaves: readonly Leaf[]): RawIndicator[] {
  if (leaves.length === 1) return leaves.map((leaf) => recordOf(base, leaf));
  const byKey = new Map<string, Leaf>();
  for (const leaf of leaves) {
    const key = keyOf(leaf);
    const earlier = byKey.get(key);
    if (earlier === undefined || earlier[2] === true) byKey.set(key, leaf);
  }
  return [...byKey.values()].map((leaf) => recordOf(base, leaf));
}

/** Equal for all ways to write one value. */
export function keyOf([type, value]: Leaf): string {
  const canonical = canonicalise(value, typeFromAlias(type));
  return canonical.ok ? `${canonical.indicator.type} ${canonical.indicator.value}` : `?${type} ${value}`;
}

function recordOf(base: Base, [type, value, composite, more]: Leaf): RawIndicator {
  const record: RawIndicator = { indicator: value, ...base, ...more };
  if (type !== '') record.type = type;
  if (composite === true) record.composite = true;
  return record;
}

function isThing(known: Known | undefined): known is Thing {
  return known !== undefined && known.what !== 'marking';
}

const NONE: readonly Thing[] = [];

function thingsOf(link: Link | undefined, look: LookUp): readonly Thing[] {
  return link?.to === undefined ? NONE : link.to.map(look).filter((known) => isThing(known));
}

function addThings(base: Base, context: Record<string, unknown>, things: readonly Thing[]): void {
  if (things.length === 0) return;
  const named = (what: Thing['what']): string[] => things.flatMap((each) => (each.what === what ? [each.name] : []));
  const malware = named('malware');
  if (malware.length > 0) base.malware = malware;
  const ids = things.flatMap(({ externalId }) => externalId ?? []);
  if (ids.length > 0) base.tags = union(base.tags, ids);
  const kinds = things.flatMap((each) => each.kinds ?? []);
  if (kinds.length > 0) base.categories = union(base.categories, kinds);
  const patterns = things.flatMap((each) =>
    each.what === 'attack-pattern' ? [[each.externalId ?? '', each.name].join(' ').trim()] : [],
  );
  addTold(context, {
    threat_actor: joined(named('actor')),
    campaign: joined(named('campaign')),
    attack_pattern: joined(patterns),
    infrastructure: joined(named('infrastructure')),
    tool: joined(named('tool')),
  });
}

function union(some: readonly string[] | undefined, more: readonly string[]): string[] {
  return [...new Set([...(some ?? []), ...more])].slice(0, MOST_WORDS);
}

/** The markings of all objects whose words the record carries. */
function marksOf(draft: Statement, link: Link | undefined, things: readonly Thing[]): readonly string[] {
  if (link === undefined) return draft.marks;
  return [...new Set([...draft.marks, ...(link.marks ?? []), ...things.flatMap(({ marks }) => marks)])];
}

/** Who says so, when, and what may be done with it. */
function complete(
  { ref, base, by }: Statement,
  context: Record<string, unknown>,
  said: string,
  marks: readonly string[],
  look: LookUp,
): Composed {
  if (ref !== '') base.ref = ref;
  if (said !== '') base.timestamp = said;
  const marking = readMarks(marks, look);
  const tlp = strictestTlp(base.tlp, marking.tlp);
  if (tlp !== undefined) base.tlp = tlp;
  const producer = producerOf(by, tlp, look);
  if (producer !== undefined) context.producer = producer;
  if (marking.texts.length > 0) context.marking = joined(marking.texts);
  if (marking.unknown.length > 0) context.unknown_marking = joined(marking.unknown);
  if (hasAny(context)) base.context = context;
  return { base, unknownMarks: marking.unknown };
}

/** A name that is marked more strictly than what it says is left out, rather than holding back all that it says. */
function producerOf(by: string | undefined, tlp: Tlp | undefined, look: LookUp): string | undefined {
  const known = by === undefined ? undefined : look(by);
  if (!isThing(known)) return undefined;
  const own = readMarks(known.marks, look).tlp;
  return strictestTlp(own, tlp) === tlp ? known.name : undefined;
}

interface Marking {
  tlp: Tlp | undefined;
  texts: string[];
  unknown: string[];
}

/** The strictest level binds. */
function readMarks(ids: readonly string[], look: LookUp): Marking {
  const marking: Marking = { tlp: undefined, texts: [], unknown: [] };
  for (const id of ids) {
    const fixed = fixedTlp(id);
    const known = fixed === undefined ? look(id) : undefined;
    if (fixed !== undefined) {
      marking.tlp = strictestTlp(marking.tlp, fixed);
    } else if (known?.what === 'marking') {
      marking.tlp = strictestTlp(marking.tlp, known.tlp);
      if (known.text !== undefined) marking.texts.push(known.text);
    } else {
      marking.unknown.push(id);
    }
  }
  return marking;
}
