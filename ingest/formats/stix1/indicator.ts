import { strictestTlp } from '../../../core/contract/tlp.ts';
import { type Base, defined, describe, set } from './base.ts';
import { attribute, type Element, find, findAll, textAt, textOf } from './element.ts';
import { handlingOf } from './marking.ts';
import { partsOfComposition } from './observable.ts';
import { joined, type Part } from './part.ts';
import { type Scope, sourceReference } from './scope.ts';
import { earliest, latest, timeOf } from './times.ts';

const MOST_TTPS = 50;
const COUNT = /^[1-9]\d{0,8}$/;

export function baseOfIndicator(indicator: Element, scope: Scope): Base {
  const id = attribute(indicator, 'id');
  const base: Base = {};
  const context: Record<string, unknown> = {};
  const categories: string[] = [];
  const positions: Element[] = [];
  let tlp = strictestTlp(scope.tlp, id === undefined ? undefined : scope.tlpById.get(id));
  let controls = scope.controls;
  let title: string | undefined;
  let told: string | undefined;
  let short: string | undefined;

  set(base, 'ref', id ?? indicator.from);
  set(base, 'timestamp', timeOf(attribute(indicator, 'timestamp')) ?? scope.timestamp);
  set(base, 'reference', scope.reference);
  set(context, 'producer', scope.producer);
  set(base, 'event_id', scope.id);
  // one pass over the fields: this is done for each indicator of a document
  for (const field of indicator.children) {
    switch (field.name) {
      case 'Title':
        title ??= textOf(field);
        break;
      case 'Description':
        told ??= textOf(field);
        break;
      case 'Short_Description':
        short ??= textOf(field);
        break;
      case 'Type': {
        const type = textOf(field);
        if (type !== undefined && !categories.includes(type)) categories.push(type);
        break;
      }
      case 'Valid_Time_Position':
        positions.push(field);
        break;
      case 'Confidence':
        set(base, 'confidence', levelOf(textAt(field, 'Value')));
        break;
      case 'Likely_Impact':
        set(base, 'severity', levelOf(textAt(field, 'Value')));
        break;
      case 'Handling': {
        const handling = handlingOf(field);
        // whatever a marking inside an indicator marks, the records hold it
        tlp = [tlp, handling.tlp, ...handling.byId.values()].reduce(strictestTlp, undefined);
        controls = [...controls, ...handling.controls];
        break;
      }
      case 'Producer':
        set(base, 'reference', sourceReference(field));
        set(context, 'producer', textAt(field, 'Identity', 'Name'));
        break;
      case 'Sightings':
        addSightings(base, field);
        break;
      case 'Kill_Chain_Phases':
        set(context, 'kill_chain', listed(attributesOf(field, 'Kill_Chain_Phase', 'name')));
        break;
      case 'Test_Mechanisms': {
        const kinds = findAll(field, 'Test_Mechanism').map(
          (each) => each.type?.replace(/TestMechanismType$/, '') ?? 'unknown',
        );
        set(context, 'test_mechanisms', listed(kinds));
        break;
      }
      case 'Alternative_ID':
        set(context, 'alternative_id', textOf(field));
        break;
      default:
    }
  }
  set(base, 'valid_from', startOf(positions));
  set(base, 'valid_until', endOf(positions));
  set(base, 'tlp', tlp);
  set(base, 'description', describe(title, told ?? short));
  if (categories.length > 0) base.categories = categories;
  set(context, 'isa_controls', listed(controls));
  for (const _ in context) return { ...base, context };
  return base;
}

function addSightings(base: Base, sightings: Element): void {
  const seen = attributesOf(sightings, 'Sighting', 'timestamp').flatMap((time) => timeOf(time) ?? []);
  set(base, 'first_seen', earliest(seen));
  set(base, 'last_seen', latest(seen));
  const count = attribute(sightings, 'sightings_count')?.trim();
  if (count !== undefined && COUNT.test(count)) base.sightings = Number(count);
}

function attributesOf(element: Element, child: string, name: string): string[] {
  return findAll(element, child).flatMap((each) => attribute(each, name) ?? []);
}

/** What the indicator looks for. Several observables side by side are alternatives, as their schema has room for one. */
export function partsOfIndicator(indicator: Element): readonly Part[] {
  let parts = indicator.parts;
  for (const child of indicator.children) {
    if (child.name === 'Composite_Indicator_Expression') parts = joined(parts, partsOfComposition(child));
  }
  return parts;
}

/** Keys of the TTPs that it indicates. */
export function ttpsOfIndicator(indicator: Element): string[] {
  const keys = findAll(indicator, 'Indicated_TTP', 'TTP').flatMap((ttp) => {
    if (ttp.key !== undefined) return ttp.key;
    const id = attribute(ttp, 'idref');
    return id === undefined ? [] : `t:${id}`;
  });
  return [...new Set(keys)].slice(0, MOST_TTPS);
}

/** Earlier indicators that it takes back (VersioningVocab), with what to say about each. */
export function revocationsOf(indicator: Element, scope: Scope): { id: string; base: Base }[] {
  return findAll(indicator, 'Related_Indicators', 'Related_Indicator').flatMap((related) => {
    const id = attribute(find(related, 'Indicator') ?? related, 'idref');
    if (id === undefined || !/^revokes$/i.test(textAt(related, 'Relationship') ?? '')) return [];
    const { timestamp, tlp } = baseOfIndicator(indicator, scope);
    return { id, base: defined({ ref: id, revoked: true, timestamp, tlp }) };
  });
}

/** The scale of the STIX confidence vocabularies on 0–100, as STIX 2.1 (appendix A) has it. */
const LEVELS: ReadonlyMap<string, number> = new Map([
  ['high', 85],
  ['medium', 50],
  ['med', 50],
  ['moderate', 50],
  ['low', 15],
  ['none', 0],
]);

/** HighMediumLow vocabulary, or a number of per cent; undefined for nothing, `Unknown` and other scales. */
export function levelOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const level = LEVELS.get(text.toLowerCase());
  if (level !== undefined) return level;
  const number = /^(\d{1,3}(?:\.\d{1,20})?)\s?%?$/.exec(text)?.[1];
  if (number === undefined || Number(number) > 100) return undefined;
  return Math.round(Number(number));
}

/** It is valid as long as one of its times is; a time without an end, or with one in the year 9999, does not end. */
function endOf(positions: readonly Element[]): string | undefined {
  const ends = positions.flatMap((position) => timeOf(textAt(position, 'End_Time')) ?? []);
  return ends.length === positions.length ? latest(ends) : undefined;
}

function startOf(positions: readonly Element[]): string | undefined {
  return earliest(positions.flatMap((position) => timeOf(textAt(position, 'Start_Time')) ?? []));
}

function listed(words: readonly string[]): string | undefined {
  return words.length === 0 ? undefined : [...new Set(words)].join(', ');
}
