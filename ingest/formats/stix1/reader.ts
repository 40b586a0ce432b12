import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import type { Tally } from '../../tally.ts';
import type { XmlHandler, XmlTag } from '../xml-stream.ts';
import { createDrafts } from './drafts.ts';
import { addChild, addParts, attribute, type Element, elementOf, emptyElement, find, referenceOf } from './element.ts';
import { baseOfIndicator, partsOfIndicator, revocationsOf, ttpsOfIndicator } from './indicator.ts';
import { createKnown } from './known.ts';
import { isTrue } from './leaves.ts';
import { baseOfObservable, partsOfObservable } from './observable.ts';
import type { Part } from './part.ts';
import { placeOf } from './place.ts';
import { addHeader, NO_SCOPE, type Scope, scopeWithin } from './scope.ts';
import {
  isKept,
  isOpaque,
  isProse,
  kindOf,
  LONGEST_PROSE,
  takesAlone,
  takesParts,
  type UnitKind,
} from './structure.ts';
import { baseOfInfrastructure, infrastructureOf, ttpFactsOf } from './ttp.ts';

export interface Stix1Options {
  /** Take observables as well that no indicator speaks of, see place.ts. Default true. */
  observables?: boolean;
  /** The source sends indicators as mere observables of a package: take those for indicators. Default false. */
  trustObservables?: boolean;
  /** Characters of one observable, indicator or TTP, without others inside it; larger ones are counted and passed over. 1 Mi. */
  maxObject?: number;
  /** Where temporary files go; the system's folder for them. */
  folder?: string;
}

/**
 * Reads any number of STIX 1 packages from the events of an XML parser. References may point from one package to another, as they do in TAXII 1,
 * where servers send each object in a package of its own: all that is polled together must go through one reader.
 */
export interface Stix1Reader extends XmlHandler {
  /** At most PAGE_RECORDS of what has come of it; to be called until it is empty after each piece of a document, and after `end`. */
  take(): RawIndicator[];
  /** The document at hand broke off. What was complete in it stays. */
  breakOff(): void;
  /** No more documents: what waited for something to be defined is given out by `take`. */
  end(): void;
  /** Lets memory and temporary files go; to be called in any case. */
  release(): void;
}

/** An element that is understood when it ends, and let go then. */
interface Unit {
  kind: UnitKind;
  element: Element;
  /** Where it stands among the built elements. */
  at: number;
  line: number;
  /** Characters in it, without units inside. */
  size: number;
  /** The piece of the document that last added to it. */
  piece: number;
}

const MAX_OBJECT = 1024 ** 2;
/** About what an element takes besides its text. */
const ELEMENT_SIZE = 64;
/** What a text out of another piece of the document keeps in memory with itself, see `ownCopy`; an eighth, for units lie close together. */
const PIECE_SIZE = 8 * 1024;
/** A longer list of parts is put aside. */
const MOST_PARTS = 500;
const MOST_PARTS_LENGTH = 64 * 1024;

export function createStix1Reader(options: Stix1Options, tally: Tally): Stix1Reader {
  const maxObject = options.maxObject ?? MAX_OBJECT;
  const known = createKnown(options.folder);
  const drafts = createDrafts(known, tally, options.folder);
  /** Elements around the units, of which only names and scopes are kept. */
  let containers: { name: string; scope: Scope }[] = [];
  /** The elements of the outermost unit down to the one at hand. */
  let built: Element[] = [];
  let units: Unit[] = [];
  /** How many elements are open of which nothing is kept. */
  let passing = 0;
  /** Number of the piece of the document at hand. */
  let piece = 0;

  function scopeNow(): Scope {
    return containers.at(-1)?.scope ?? NO_SCOPE;
  }

  function enter(tag: XmlTag): void {
    containers.push({ name: tag.name, scope: scopeWithin(scopeNow(), tag) });
  }

  function open(tag: XmlTag): void {
    if (passing > 0) {
      passing += 1;
      return;
    }
    const parent = built.at(-1);
    const kind = kindOf(tag.name, parent === undefined ? containers.at(-1)?.name : undefined);
    if (parent === undefined && kind === undefined) {
      enter(tag);
      return;
    }
    const element = elementOf(tag);
    if (parent !== undefined && isKept(kind, parent)) addChild(parent, element);
    if (kind !== undefined) units.push({ kind, element, at: built.length, line: tag.line, size: 0, piece });
    if (isOpaque(tag.name)) passing = 1;
    else built.push(element);
    grow(ELEMENT_SIZE + tag.length);
  }

  /** Counts what the unit at hand holds, and gives it up when that is too much. */
  function grow(size: number): void {
    const unit = units.at(-1);
    if (unit === undefined) return;
    unit.size += size;
    if (unit.piece !== piece) {
      unit.piece = piece;
      unit.size += PIECE_SIZE;
    }
    if (unit.size <= maxObject) return;
    passing += built.length - unit.at;
    built.length = unit.at;
    units.pop();
    emptyElement(unit.element);
    const parent = built.at(-1);
    // what cannot be read is a condition all the same
    if (parent !== undefined && takesParts(unit.kind, parent)) parent.operands += 1;
    tally.tooLong(1);
  }

  function text(more: string): void {
    if (passing > 0) return;
    const element = built.at(-1);
    if (element === undefined || element.children.length > 0 || element.operands > 0) return;
    if (element.text.length >= LONGEST_PROSE && isProse(element.name)) return;
    element.text += more;
    grow(more.length);
  }

  function close(): void {
    if (passing > 0) {
      passing -= 1;
      return;
    }
    const element = built.pop();
    if (element === undefined) {
      containers.pop();
      return;
    }
    const unit = units.at(-1);
    if (unit?.element !== element) return;
    units.pop();
    end(unit);
    emptyElement(element);
  }

  function end(unit: Unit): void {
    switch (unit.kind) {
      case 'Observable':
        endObservable(unit);
        return;
      case 'Indicator':
        endIndicator(unit);
        return;
      case 'TTP':
        endTtp(unit);
        return;
      case 'Header':
        addHeader(scopeNow(), unit.element);
        return;
      default:
        unit.kind satisfies never;
    }
  }

  function endObservable({ element, line }: Unit): void {
    const scope = scopeNow();
    const reading = { commaLists: scope.commaLists, skip: (reason: string) => tally.skip(line, reason) };
    const objects: string[] = [];
    const parts = partsOfObservable(element, reading, (id, inside) => {
      known.define(`o:${id}`, inside);
      objects.push(id);
    });
    const id = attribute(element, 'id');
    if (id !== undefined) known.define(`b:${id}`, parts);
    const parent = built.at(-1);
    if (parent !== undefined && takesParts('Observable', parent)) {
      contribute(parent, parts, id ?? referenceOf(element));
      return;
    }

    const place = placeOf([...containers, ...built].map((each) => each.name));
    const reference = referenceOf(element);
    if (place === 'victim') {
      if (reference !== undefined) drafts.addVictim(reference);
      else tally.skip(line, 'an observable of a victim');
      return;
    }
    // what is referred to speaks where it stands
    if (reference !== undefined || parts.length === 0 || options.observables === false) return;
    const trusted = place === 'bare' && options.trustObservables === true;
    const draft = { base: baseOfObservable(element, scope, trusted), parts, ttps: [], line };
    if (place === 'bare' && id !== undefined) drafts.addBare({ ...draft, id, objects });
    else drafts.add(draft);
  }

  function contribute(parent: Element, parts: readonly Part[], id: string | undefined): void {
    parent.operands += 1;
    parent.from ??= id;
    addParts(parent, parts);
    if (parent.parts.length <= MOST_PARTS && parent.partsLength <= MOST_PARTS_LENGTH) return;
    const [before, ...added] = parent.parts;
    parent.parts = [known.fold(before === undefined ? added : [...added, before])];
    parent.partsLength = 0;
  }

  function endIndicator({ element, line }: Unit): void {
    const parent = built.at(-1);
    const expression = parent !== undefined && takesParts('Indicator', parent) ? parent : undefined;
    const reference = referenceOf(element);
    if (reference !== undefined) {
      if (expression !== undefined) contribute(expression, [{ r: `i:${reference}` }], undefined);
      return;
    }
    if (isTrue(element, 'negate')) {
      if (expression !== undefined) contribute(expression, [], undefined);
      tally.skip(line, 'an indicator of absence (negate)');
      return;
    }
    const scope = scopeNow();
    const parts = partsOfIndicator(element);
    const id = attribute(element, 'id');
    if (id !== undefined) known.define(`i:${id}`, parts);
    if (expression !== undefined) contribute(expression, parts, id);
    const revoked = revocationsOf(element, scope);
    for (const { id: earlier, base } of revoked) {
      drafts.add({ base, parts: [{ r: `i:${earlier}` }], ttps: [], line });
    }
    // one that holds only together with others, or not, says nothing by itself
    if (built.some(takesAlone)) return;
    if (parts.length > 0) {
      drafts.add({ base: baseOfIndicator(element, scope), parts, ttps: ttpsOfIndicator(element), line });
    } else if (element.operands === 0 && revoked.length === 0) {
      if (find(element, 'Composite_Indicator_Expression') === undefined) {
        tally.skip(line, 'an indicator without an observable');
      }
    }
  }

  function endTtp({ element, line }: Unit): void {
    if (referenceOf(element) !== undefined) return;
    const id = attribute(element, 'id');
    element.key = known.defineTtp(id, ttpFactsOf(element));
    const infrastructure = infrastructureOf(element);
    if (infrastructure === undefined) return;
    drafts.add({
      base: baseOfInfrastructure(element, infrastructure, scopeNow()),
      parts: infrastructure.parts,
      ttps: [element.key],
      line,
    });
  }

  return {
    open,
    text,
    close,
    take() {
      piece += 1;
      return drafts.take();
    },
    breakOff() {
      containers = [];
      built = [];
      units = [];
      passing = 0;
    },
    end: drafts.end,
    release() {
      known.close();
      drafts.close();
    },
  };
}
