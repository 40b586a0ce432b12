import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import type { Tally } from '../../tally.ts';
import { textIn, truthIn } from '../fields.ts';
import { type JsonPart, type JsonPath, type JsonWish, jsonParts, type PassedReason } from '../json-stream.ts';
import { idOf } from './common.ts';

/** What an envelope of TAXII 2.1 says beside its objects. */
export interface Envelope {
  /** There is more to ask for. */
  readonly more: boolean;
  /** What to ask for it with. */
  readonly next: string | undefined;
  /** Objects that stood in the document, usable or not. */
  readonly objects: number;
  /** The id of the bundle that the document is. */
  readonly bundle: string | undefined;
}

export interface DocumentOptions {
  /** Bytes of an object; larger ones are counted and passed over. */
  maxElement: number;
  /** Objects in the documents before this one: numbers go on. */
  before: number;
}

const NEXT_LENGTH = 4096;
/** Fields of the document itself that are kept: of a bundle or an envelope, or of an object that is the whole document. */
const MOST_FIELDS = 100;
const MOST_INSIDE = 1000;

/**
 * Reads a bundle, an envelope, an array of objects or bundles, or one object, and hands each object to `take` with its number.
 *
 * Throws FEED_NOT_JSON with the byte where the document breaks, after all objects before it were taken, and FEED_SHAPE when there is
 * nothing of STIX in it. An object that is no JSON, or too large, is counted and costs itself alone.
 */
export async function readDocument(
  bytes: AsyncIterable<Buffer>,
  { maxElement, before }: DocumentOptions,
  take: (object: Fields, number: number) => void,
  tally: Tally,
): Promise<Envelope> {
  const own = new Map<string, unknown>();
  /** The dictionary `objects` of an observation of STIX 2.0 that is the whole document. */
  const inside = new Map<string, unknown>();
  let number = before;
  let ownTooLarge = false;
  let hasList = false;
  /** A bundle that stands in an array and is too large to be built whole; an object, when it has no list. */
  let entered = { hasList: false };

  function takeObject(value: unknown): void {
    if (isFields(value) && value.type === 'bundle' && Array.isArray(value.objects)) {
      for (const each of value.objects) takeObject(each);
      return;
    }
    number += 1;
    if (isFields(value)) take(value, number);
    else tally.skip(number, 'no object');
  }

  function leaveOut(reason: PassedReason): void {
    number += 1;
    if (reason === 'too large') tally.tooLong(1);
    else tally.skip(number, `an object that is ${reason}`);
  }

  function takeOwn(part: JsonPart, into: Map<string, unknown>, most: number): void {
    if (part.kind === 'passed') ownTooLarge = true;
    if (part.kind !== 'value') return;
    const short = typeof part.value !== 'object' && String(part.value).length <= NEXT_LENGTH;
    if (into.size < most && (short || part.offset < maxElement)) into.set(String(part.path.at(-1)), part.value);
    else ownTooLarge = true;
  }

  function takePart(part: JsonPart): void {
    const place = placeOf(part.path);
    switch (place) {
      case 'object':
        if (part.kind === 'value') takeObject(part.value);
        else if (part.kind === 'passed') leaveOut(part.reason);
        else if (part.kind === 'open') entered = { hasList: false };
        else if (!entered.hasList) leaveOut('too large');
        break;
      case 'list':
        if (part.kind === 'open') {
          entered.hasList = true;
          hasList = true;
        }
        break;
      case 'field':
        takeOwn(part, own, MOST_FIELDS);
        break;
      case 'inside':
        takeOwn(part, inside, MOST_INSIDE);
        break;
      case 'document':
        if (part.kind === 'value' || part.kind === 'passed') throw notStix('a single value');
        break;
      case 'elsewhere':
        break;
      default:
        place satisfies never;
    }
  }

  for await (const parts of jsonParts(bytes, { at: wishAt, maxElement })) for (const part of parts) takePart(part);

  const head: Fields = Object.fromEntries(own);
  const objects = number - before;
  if (objects === 0 && own.size > 0) {
    const type = textIn(head, 'type');
    if (inside.has('type')) takeObject(Object.fromEntries(inside));
    else if (type !== undefined && type !== 'bundle') {
      if (ownTooLarge) leaveOut('too large');
      else takeObject(inside.size === 0 ? head : { ...head, objects: Object.fromEntries(inside) });
    } else if (type === undefined && !hasList && !own.has('more') && !own.has('next')) {
      throw notStix('an object without "type" and without "objects"');
    }
  }
  return {
    more: truthIn(head, 'more') === true,
    next: textIn(head, 'next')?.slice(0, NEXT_LENGTH),
    objects: number - before,
    bundle: textIn(head, 'type') === 'bundle' ? idOf(head, 'id') : undefined,
  };
}

function wishAt(path: JsonPath): JsonWish {
  const place = placeOf(path);
  switch (place) {
    case 'document':
    case 'list':
      return 'into';
    case 'object':
      return path.length === 1 ? 'whole-or-into' : 'whole';
    case 'field':
    case 'inside':
      return 'whole';
    case 'elsewhere':
      return 'pass';
    default: {
      const never: never = place;
      return never;
    }
  }
}

type Place = 'document' | 'list' | 'object' | 'field' | 'inside' | 'elsewhere';

/** What stands there: `objects[0]`, or in an array of objects or bundles `[0]` and `[0].objects[0]`. */
function placeOf(path: JsonPath): Place {
  const [first, second, third] = path;
  if (first === undefined) return 'document';
  if (typeof first === 'number') {
    if (second === undefined) return 'object';
    if (second !== 'objects') return 'elsewhere';
    return third === undefined ? 'list' : 'object';
  }
  if (first !== 'objects') return 'field';
  if (second === undefined) return 'list';
  return typeof second === 'number' ? 'object' : 'inside';
}

function notStix(what: string): TiplineError {
  return new TiplineError(
    'FEED_SHAPE',
    `the document is ${what}, where a STIX 2 bundle, a TAXII 2 envelope or a STIX object was expected: check the address and what the server answers there`,
    { retryable: true },
  );
}
