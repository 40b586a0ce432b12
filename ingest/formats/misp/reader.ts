import { type Fields, isFields } from '../../../core/contract/fields.ts';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { JsonPart, JsonPath } from '../json-stream.ts';
import { createLog, type Log } from '../log.ts';
import { isAttribute, statementsOf } from './attribute.ts';
import { complete, type EventHead, headOf, type Statement } from './event.ts';
import { listOf, stampOf } from './fields.ts';
import {
  addObject,
  noSiblings,
  noteSibling,
  type ObjectWords,
  objectWords,
  type Siblings,
  wordsOfObject,
} from './object.ts';
import type { MispOptions } from './options.ts';
import { type Place, placeOf } from './place.ts';
import type { Summary } from './summary.ts';

/** An array or object that is read from the inside. */
interface Frame {
  readonly place: Place;
  /** What it said of itself so far. */
  readonly fields: Record<string, unknown>;
  /** Of an event: its statements wait for its end, since MISP writes the tags, and with them the TLP, behind the attributes. */
  held?: Log<Statement>;
  /** Of an event: the objects that were read from the inside. Each took a megabyte of the document, so they are few. */
  readonly objects: Map<number, ObjectWords>;
  /** Of such an object: what its attributes say of each other, and its number. */
  readonly siblings: Siblings;
  number: number | undefined;
  /** Why nothing of it can be used. */
  spoilt: string | undefined;
}

/** Follows the parts of a document and gives out the indicators as soon as all is known that belongs to them. */
export class MispReader {
  readonly #options: MispOptions;
  readonly #summary: Summary;
  readonly #tally: Tally;
  readonly #frames: Frame[] = [];
  /** Numbers given to objects. */
  #objects = 0;
  /** An event or attribute was met, or an empty list where they stand. */
  #recognised = false;
  /** The first thing that is none of MISP. */
  #stranger: string | undefined;

  constructor(options: MispOptions, summary: Summary, tally: Tally) {
    this.#options = options;
    this.#summary = summary;
    this.#tally = tally;
  }

  *take(part: JsonPart): Generator<RawIndicator> {
    switch (part.kind) {
      case 'open':
        this.#open(part);
        return;
      case 'close': {
        const frame = this.#frames.pop();
        if (frame === undefined) return;
        try {
          yield* this.#leave(frame);
        } finally {
          frame.held?.close();
        }
        return;
      }
      case 'value':
        yield* this.#value(part.path, part.value, part.offset);
        return;
      case 'passed':
        this.#passed(part.path, part.offset, part.reason);
        return;
      default: {
        const never: never = part;
        return never;
      }
    }
  }

  /** Throws FEED_SHAPE for a document that holds nothing of MISP. */
  finish(): void {
    if (this.#recognised) return;
    throw new TiplineError(
      'FEED_SHAPE',
      `this is no export of MISP: ${this.#stranger ?? 'it holds neither response, Event nor Attribute'}`,
      { retryable: true },
    );
  }

  close(): void {
    for (const frame of this.#frames) frame.held?.close();
  }

  #open({ path, offset }: JsonPart): void {
    const place = placeOf(path);
    if (place === 'event' || place === 'attributes' || place === 'objects') this.#recognised = true;
    if (place === 'unknown') this.#strange(path, offset);
    this.#frames.push({
      place,
      fields: Object.create(null),
      objects: new Map(),
      siblings: noSiblings(),
      number: undefined,
      spoilt: undefined,
    });
  }

  *#value(path: JsonPath, value: unknown, offset: number): Generator<RawIndicator> {
    const place = placeOf(path);
    const top = this.#frames.at(-1);
    switch (place) {
      case 'field':
        if (top !== undefined) top.fields[String(path.at(-1))] = value;
        return;
      case 'item':
        yield* this.#item(value, path, offset);
        return;
      case 'event':
        // in an item it may be an event that is wrapped, or that of an attribute: its end tells
        if (top?.place === 'item') top.fields.Event = value;
        else if (isFields(value)) yield* this.#event(value);
        return;
      case 'attribute':
        if (isFields(value)) yield* this.#attribute(value);
        else this.#tally.skip(this.#summary.attributes, 'an attribute that is no object');
        return;
      case 'object':
        if (isFields(value)) yield* this.#object(value, this.#owner());
        return;
      case 'unknown':
      case 'document':
        this.#strange(path, offset);
        return;
      case 'response':
      case 'attributes':
      case 'objects':
      case 'other':
        return;
      default: {
        const never: never = place;
        return never;
      }
    }
  }

  #passed(path: JsonPath, offset: number, reason: string): void {
    const place = placeOf(path);
    const name = path.at(-1);
    if (place === 'field') {
      const top = this.#frames.at(-1);
      // without its tags nobody knows with whom it may be shared
      if (top !== undefined && (name === 'Tag' || name === 'EventTag')) top.spoilt ??= `its tags: ${reason}`;
      return;
    }
    this.#stranger ??= `at byte ${offset}, ${reason}`;
    this.#tally.skip(this.#summary.attributes + 1, `the ${place} at byte ${offset}: ${reason}`);
  }

  #strange(path: JsonPath, offset: number): void {
    const name = path.at(-1);
    this.#stranger ??=
      name === undefined
        ? 'it is neither an object nor a list'
        : `what stands at byte ${offset} ("${printable(String(name), 40)}") is neither response, Event nor Attribute`;
  }

  /** An array or object that was read from the inside is at its end. */
  *#leave(frame: Frame): Generator<RawIndicator> {
    const { place, fields, spoilt } = frame;
    if (spoilt !== undefined) {
      const lost = frame.held?.count ?? 1;
      this.#recognised = true;
      for (let n = 0; n < lost; n += 1) this.#tally.skip(this.#summary.attributes, spoilt);
      return;
    }
    switch (place) {
      case 'document':
      case 'response':
      case 'item':
      case 'event':
        if (isAttribute(fields)) yield* this.#attributeOf(fields, undefined);
        else if (frame.held === undefined && isFields(fields.Event)) yield* this.#event(fields.Event);
        else if (place === 'event' || frame.held !== undefined || fields.info !== undefined) yield* this.#flush(frame);
        else if (place === 'document' && this.#stranger === undefined) this.#recognised = true;
        return;
      case 'attribute':
      case 'attributes':
        // the list itself, where one attribute stands instead
        if (place === 'attribute' || isAttribute(fields)) yield* this.#attribute(fields);
        return;
      case 'object':
      case 'objects': {
        const owner = this.#owner();
        if (frame.number === undefined || owner === undefined) return;
        owner.objects.set(frame.number, objectWords(fields, frame.siblings));
        // of objects that were searched for, the event stands in the object
        if (isFields(fields.Event)) owner.fields.Event = fields.Event;
        return;
      }
      case 'field':
      case 'unknown':
      case 'other':
        return;
      default: {
        const never: never = place;
        return never;
      }
    }
  }

  /** All that waited for the end of an event. */
  *#flush(frame: Frame): Generator<RawIndicator> {
    this.#recognised = true;
    const { fields } = frame;
    const head = this.#head(fields.info === undefined && isFields(fields.Event) ? fields.Event : fields);
    for (const statement of frame.held?.values() ?? []) {
      const object = statement.object === undefined ? undefined : frame.objects.get(statement.object);
      if (object !== undefined) addObject(statement.record, object);
      yield complete(statement, head, this.#options.eventUrl);
    }
    this.#options.eventRead?.(head.uuid, head.stamp);
  }

  /** An element of a list of anything. */
  *#item(value: unknown, path: JsonPath, offset: number): Generator<RawIndicator> {
    if (isFields(value)) {
      const { Event, Object: object, Attribute } = value;
      if (isAttribute(value)) yield* this.#attributeOf(value, undefined);
      else if (isFields(Event)) yield* this.#event(Event);
      else if (isFields(object) && isFields(listOf(object.Attribute)[0])) yield* this.#object(object, undefined);
      else if (isFields(Attribute) && isAttribute(Attribute)) yield* this.#attributeOf(Attribute, undefined);
      else if (value['meta-category'] !== undefined) yield* this.#object(value, undefined);
      else if (Attribute !== undefined || object !== undefined || value.info !== undefined) yield* this.#event(value);
      else this.#skipItem(path, offset);
      return;
    }
    this.#skipItem(path, offset);
  }

  #skipItem(path: JsonPath, offset: number): void {
    this.#strange(path, offset);
    this.#tally.skip(this.#summary.attributes + 1, `neither event nor attribute, at byte ${offset}`);
  }

  /** An event that is there whole. */
  *#event(event: Fields): Generator<RawIndicator> {
    this.#recognised = true;
    const head = this.#head(event);
    for (const attribute of listOf(event.Attribute)) yield* this.#told(attribute, undefined, head);
    for (const object of listOf(event.Object)) {
      if (!isFields(object)) continue;
      const words = wordsOfObject(object);
      for (const attribute of listOf(object.Attribute)) yield* this.#told(attribute, words, head);
    }
    this.#options.eventRead?.(head.uuid, head.stamp);
  }

  #head(fields: Fields): EventHead {
    const head = headOf(fields);
    const { events } = this.#summary;
    if (events === 0 && this.#summary.attributes === 0) this.#summary.first = head.uuid;
    this.#summary.events = events + 1;
    const stamp = stampOf(fields.timestamp);
    if (stamp > this.#summary.newestEvent) this.#summary.newestEvent = stamp;
    return head;
  }

  *#told(attribute: unknown, object: ObjectWords | undefined, head: EventHead): Generator<RawIndicator> {
    if (!isFields(attribute)) return;
    for (const statement of statementsOf(attribute, object, this.#options, this.#summary, this.#tally)) {
      yield complete(statement, head, this.#options.eventUrl);
    }
  }

  /** An object that is there whole. */
  *#object(object: Fields, owner: Frame | undefined): Generator<RawIndicator> {
    this.#recognised = true;
    const words = wordsOfObject(object);
    for (const attribute of listOf(object.Attribute)) {
      if (!isFields(attribute)) continue;
      const own =
        isFields(attribute.Event) || !isFields(object.Event) ? attribute : { ...attribute, Event: object.Event };
      yield* this.#attributeOf(own, owner, words);
    }
  }

  /** An attribute in an event or object that is read from the inside. */
  *#attribute(attribute: Fields): Generator<RawIndicator> {
    const top = this.#frames.at(-1);
    const parent = top?.place === 'attributes' ? this.#frames.at(-2) : top;
    const owner = this.#owner();
    if (parent?.place !== 'object' && parent?.place !== 'objects') {
      yield* this.#attributeOf(attribute, owner);
      return;
    }
    noteSibling(parent.siblings, attribute);
    if (parent.number === undefined) {
      this.#objects += 1;
      parent.number = this.#objects;
    }
    yield* this.#attributeOf(attribute, owner, undefined, parent.number);
  }

  /** Held until the end of `owner`; without one, or with an event of its own, complete as it is. */
  *#attributeOf(
    attribute: Fields,
    owner: Frame | undefined,
    object?: ObjectWords,
    number?: number,
  ): Generator<RawIndicator> {
    this.#recognised = true;
    const { Event: event } = attribute;
    for (const statement of statementsOf(attribute, object, this.#options, this.#summary, this.#tally)) {
      if (owner === undefined || isFields(event)) {
        yield complete(statement, headOf(isFields(event) ? event : {}), this.#options.eventUrl);
        continue;
      }
      if (number !== undefined) statement.object = number;
      owner.held ??= createLog();
      owner.held.add(statement);
    }
  }

  /** The event that is being read from the inside; undefined in a list without one. */
  #owner(): Frame | undefined {
    const owner = this.#frames.findLast(
      ({ place }) => place === 'event' || place === 'item' || place === 'response' || place === 'document',
    );
    return owner?.place === 'response' ? undefined : owner;
  }
}
