import { strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { attribute, type Element, find, textAt, textsAt } from './element.ts';
import { handlingOf } from './marking.ts';
import { timeOf } from './times.ts';

/** What a package, or a report in it, says about all that stands inside. */
export interface Scope {
  id: string | undefined;
  timestamp: string | undefined;
  tlp: Tlp | undefined;
  /** Markings of single things by their ids. */
  tlpById: ReadonlyMap<string, Tlp>;
  controls: readonly string[];
  producer: string | undefined;
  reference: string | undefined;
  /** CybOX 2.0, see `Reading`. */
  commaLists: boolean;
}

export const NO_SCOPE: Scope = {
  id: undefined,
  timestamp: undefined,
  tlp: undefined,
  tlpById: new Map(),
  controls: [],
  producer: undefined,
  reference: undefined,
  commaLists: false,
};

/** The scope inside an element. A package or a report has one of its own, to which its header adds. */
export function scopeWithin(outer: Scope, start: Pick<Element, 'name' | 'attributes'>): Scope {
  switch (start.name) {
    case 'STIX_Package':
    case 'Package':
    case 'Report':
      return {
        ...outer,
        id: attribute(start, 'id') ?? outer.id,
        timestamp: timeOf(attribute(start, 'timestamp')) ?? outer.timestamp,
        commaLists: start.name === 'Report' ? outer.commaLists : hasCommaLists(attribute(start, 'version'), outer),
      };
    case 'Observables': {
      const major = attribute(start, 'cybox_major_version');
      const minor = attribute(start, 'cybox_minor_version');
      return major === '2' && minor !== undefined ? { ...outer, commaLists: minor === '0' } : outer;
    }
    default:
      return outer;
  }
}

/** STIX 1.0 and 1.0.1 came with CybOX 2.0. */
function hasCommaLists(version: string | undefined, outer: Scope): boolean {
  return version === undefined ? outer.commaLists : /^(?:stix-)?1\.0(?:\.|$)/.test(version);
}

/** Takes over what a STIX_Header or the Header of a report says. A marking of an outer package stays in force. */
export function addHeader(scope: Scope, header: Element): void {
  const { tlp, byId, controls } = handlingOf(find(header, 'Handling'));
  scope.tlp = strictestTlp(scope.tlp, tlp);
  if (byId.size > 0) scope.tlpById = merged(scope.tlpById, byId);
  if (controls.length > 0) scope.controls = controls;
  const source = find(header, 'Information_Source');
  scope.producer = textAt(source, 'Identity', 'Name') ?? scope.producer;
  scope.timestamp ??= timeOf(textAt(source, 'Time', 'Produced_Time'));
  scope.reference = source === undefined ? scope.reference : (sourceReference(source) ?? scope.reference);
}

/** The first address among the references of an Information_Source or a Producer. */
export function sourceReference(source: Element): string | undefined {
  return textsAt(source, 'References', 'Reference').find((text) => /^https?:\/\//i.test(text));
}

function merged(a: ReadonlyMap<string, Tlp>, b: ReadonlyMap<string, Tlp>): Map<string, Tlp> {
  const all = new Map(a);
  for (const [id, tlp] of b) all.set(id, strictestTlp(all.get(id), tlp) ?? tlp);
  return all;
}
