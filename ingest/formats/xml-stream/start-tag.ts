import type { Name, Names, Prefixed } from './names.ts';
import { AMPERSAND, DOUBLE_QUOTE, EQUALS, GREATER, LESS, LF, SINGLE_QUOTE, SLASH, SPACE, TAB } from './signs.ts';

/** The tag that was read last. */
export interface StartTag {
  name: Name;
  /** Those that declare a prefix may be missing; they are in `prefixed`. Inherits nothing. */
  attributes: Readonly<Record<string, string>>;
  /** The attributes with a prefix, if there are any. */
  prefixed: readonly Prefixed[] | undefined;
  /** Characters of all attributes. */
  size: number;
  /** `<a/>` */
  closed: boolean;
}

export interface StartTagOptions {
  names: Names;
  /** Replaces references; throws. */
  decoded(value: string): string;
  /** Throws. */
  fail(what: string): never;
}

/** Reads the tag that begins at `from`: the place behind it, or -1 when it is not whole. It then stands in `tag`. */
export interface StartTagReader {
  read(text: string, from: number): number;
  /** One for all, since there are millions of them. */
  readonly tag: StartTag;
}

/** An object without a prototype that V8 does not keep as a dictionary: those are several times as slow. */
const Attributes = function Attributes() {} as unknown as new () => Record<string, string>;
Attributes.prototype = Object.create(null);
const NO_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze(new Attributes());

export function createStartTagReader({ names, decoded, fail }: StartTagOptions): StartTagReader {
  const tag: StartTag = {
    name: names.nameAt('a', 0, 1),
    attributes: NO_ATTRIBUTES,
    prefixed: undefined,
    size: 0,
    closed: false,
  };
  /** Counts the tags, so that a name can tell whether it was met in this one. */
  let number = 0;

  function read(text: string, from: number): number {
    const { length } = text;
    let at = endOfName(text, from + 1);
    if (at === length) return -1;
    const name = names.nameAt(text, from + 1, at);
    if (!name.valid) fail('a name that is none');
    let attributes: Record<string, string> | undefined;
    let prefixed: Prefixed[] | undefined;
    let size = 0;
    let closed = false;
    number += 1;
    for (;;) {
      const before = at;
      at = skipBlanks(text, at);
      if (at === length) return -1;
      const sign = text.charCodeAt(at);
      if (sign === GREATER) break;
      if (sign === SLASH) {
        at += 1;
        if (at === length) return -1;
        if (text.charCodeAt(at) !== GREATER) fail('a slash in a tag');
        closed = true;
        break;
      }
      if (at === before) fail('an attribute without a blank before it');
      const start = at;
      at = endOfName(text, at);
      if (at === length) return -1;
      const called = names.nameAt(text, start, at);
      if (!called.valid) fail('an attribute with a name that is none');
      if (called.kept ? called.tag === number : attributes?.[called.written] !== undefined)
        fail('an attribute that is there twice');
      called.tag = number;
      at = beginOfValue(text, at);
      if (at === length) return -1;
      const end = endOfValue(text, at, called.uri);
      if (end === -1) return -1;
      const value = valueAt(text, at, end, called.uri);
      at = end + 1;
      size += called.written.length + value.length;
      if (called.prefix !== '') {
        prefixed ??= [];
        prefixed.push({ name: called, value });
        // a document of packages declares a dozen prefixes in each of them, and nobody looks at those
        if (called.prefix === 'xmlns' && called.kept) continue;
      }
      attributes ??= new Attributes();
      attributes[called.written] = value;
    }
    tag.name = name;
    tag.attributes = attributes ?? NO_ATTRIBUTES;
    tag.prefixed = prefixed;
    tag.size = size;
    tag.closed = closed;
    return at + 1;
  }

  /** The place of the opening quote; the end of the text when that is not there yet. */
  function beginOfValue(text: string, from: number): number {
    let at = skipBlanks(text, from);
    if (at === text.length) return at;
    if (text.charCodeAt(at) !== EQUALS) fail('an attribute without a value');
    at = skipBlanks(text, at + 1);
    if (at === text.length) return at;
    const quote = text.charCodeAt(at);
    if (quote !== DOUBLE_QUOTE && quote !== SINGLE_QUOTE) fail('a value without quotes');
    return at;
  }

  /** The place of the closing quote, or -1. `guess`: what may well stand there. */
  function endOfValue(text: string, from: number, guess: string): number {
    const quote = text.charCodeAt(from);
    const guessed = from + 1 + guess.length;
    if (guess !== '' && text.charCodeAt(guessed) === quote && text.startsWith(guess, from + 1)) return guessed;
    plain = true;
    for (let at = from + 1; at < text.length; at += 1) {
      const sign = text.charCodeAt(at);
      if (sign === quote) return at;
      if (sign === AMPERSAND || sign === TAB || sign === LF) plain = false;
      else if (sign === LESS) fail('a < in the value of an attribute');
    }
    return -1;
  }

  /** Whether the value at hand stands for itself. */
  let plain = true;

  function valueAt(text: string, from: number, end: number, guess: string): string {
    if (guess !== '' && end - from - 1 === guess.length && text.startsWith(guess, from + 1)) return guess;
    const value = text.slice(from + 1, end);
    return plain ? value : decoded(value.replace(/[\t\n]/g, ' '));
  }

  return { read, tag };
}

function endOfName(text: string, from: number): number {
  const { length } = text;
  let at = from;
  while (at < length) {
    const sign = text.charCodeAt(at);
    if (sign <= SPACE || sign === SLASH || sign === GREATER || sign === EQUALS || sign === LESS) break;
    at += 1;
  }
  return at;
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  for (;;) {
    const sign = text.charCodeAt(at);
    if (sign !== SPACE && sign !== LF && sign !== TAB) return at;
    at += 1;
  }
}
