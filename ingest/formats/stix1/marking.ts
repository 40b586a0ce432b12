import { parseTlp, strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { ownCopy } from '../own-copy.ts';
import { attribute, type Element, find, findAll, textAt } from './element.ts';

/** What a Handling element says about the things it marks. */
export interface Handling {
  /** For everything in reach. */
  tlp: Tlp | undefined;
  /** For single things, by their ids. */
  byId: ReadonlyMap<string, Tlp>;
  /** Control sets of ISA markings: they have no counterpart in TLP and are handed on as they are. */
  controls: readonly string[];
}

const NO_HANDLING: Handling = { tlp: undefined, byId: new Map(), controls: [] };
const MOST_IDS = 10_000;

/**
 * The TLP of a Handling element: TLP markings, the colour inside AIS markings, and statements that are a TLP word. The strictest binds.
 *
 * A marking says by an XPath what it marks (Controlled_Structure). Of XPath is read what feeds write:
 * - nothing, a `node()` below the root (`//node()`), or a way up to the thing or its package (`../../../descendant-or-self::node()`): all that
 *   Handling stands in;
 * - `[@id='…']`: the things with these ids;
 * - a way to things that give no indicators (threat actors, courses of action …) or to single fields of them: nothing of ours.
 * Whatever else is written, all is marked: too strict a mark does no harm, too weak a one leaks.
 */
export function handlingOf(handling: Element | undefined): Handling {
  if (handling === undefined) return NO_HANDLING;
  let tlp: Tlp | undefined;
  const byId = new Map<string, Tlp>();
  const controls = new Set<string>();
  for (const marking of findAll(handling, 'Marking')) {
    const structures = findAll(marking, 'Marking_Structure');
    for (const structure of structures) {
      const control = textAt(structure, 'ControlSet');
      if (control !== undefined && controls.size < 4) controls.add(control.slice(0, 200));
    }
    const level = structures.map(tlpOf).reduce(strictestTlp, undefined);
    if (level === undefined) continue;
    const reach = reachOf(textAt(marking, 'Controlled_Structure') ?? '');
    switch (reach.kind) {
      case 'all':
        tlp = strictestTlp(tlp, level);
        break;
      case 'ids':
        for (const id of reach.ids) if (byId.size < MOST_IDS) byId.set(id, strictestTlp(byId.get(id), level) ?? level);
        break;
      case 'none':
        break;
      default: {
        const never: never = reach;
        return never;
      }
    }
  }
  return { tlp, byId, controls: [...controls] };
}

type Reach = { kind: 'all' } | { kind: 'none' } | { kind: 'ids'; ids: string[] };

/** Things that no value of ours comes from. */
const ELSEWHERE = /^(?:Campaigns?|Courses?_Of_Action|Exploit_Targets?|Information_Source|STIX_Header|Threat_Actors?)$/;
const LONGEST_XPATH = 20_000;

/** All packages of a source say the same. */
let lastReach: { xpath: string; reach: Reach } = { xpath: '', reach: { kind: 'all' } };

function reachOf(xpath: string): Reach {
  if (lastReach.xpath !== xpath) lastReach = { xpath: ownCopy(xpath), reach: readReach(xpath) };
  return lastReach.reach;
}

function readReach(xpath: string): Reach {
  const path = xpath.slice(0, LONGEST_XPATH);
  const ids = [...path.matchAll(/@id\s*=\s*(?:'([^']{1,500})'|"([^"]{1,500})")/g)];
  if (ids.length > 0) return { kind: 'ids', ids: ids.map((match) => match[1] ?? match[2] ?? '') };
  // each way of a union by itself: `//node() | //@*`
  const away = path.split('|').every((way) => way.split('/').some((step) => ELSEWHERE.test(nameOfStep(step))));
  return { kind: away ? 'none' : 'all' };
}

/** `Indicator` of the step `descendant::stix:Indicator[1]`. */
function nameOfStep(step: string): string {
  const bare = step.split('[', 1)[0] ?? '';
  return bare.slice(bare.lastIndexOf(':') + 1).trim();
}

function tlpOf(structure: Element): Tlp | undefined {
  const colour = attribute(structure, 'color');
  if (colour !== undefined) return parseTlp(colour);
  for (const holder of [structure, find(structure, 'Is_Proprietary'), find(structure, 'Not_Proprietary')]) {
    const inside = find(holder, 'TLPMarking');
    if (inside !== undefined) return parseTlp(attribute(inside, 'color') ?? '');
  }
  const statement = textAt(structure, 'Statement') ?? '';
  return /^tlp[:_ -]/i.test(statement) ? parseTlp(statement) : undefined;
}
