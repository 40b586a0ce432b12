import { createHeldTag } from './held-tag.ts';
import { INSTRUCTION_HEAD, isInstruction } from './instruction.ts';
import { createLineEnds } from './line-ends.ts';
import { createLines } from './lines.ts';
import { createNames, type Name } from './names.ts';
import { BadReference, resolved } from './references.ts';
import { BANG, CLOSE_BRACKET, GREATER, QUESTION, SLASH } from './signs.ts';
import { createStartTagReader } from './start-tag.ts';

/** What a document consists of, as it is told. */
export interface TokenHandler {
  /** `type`: the local part of its xsi:type. */
  open(name: string, type: string | undefined, attributes: Readonly<Record<string, string>>, length: number): void;
  text(piece: string): void;
  close(name: string): void;
  /** The document is broken or hostile here: it says what, or which prefix is not declared. Must throw. */
  fail(kind: 'broken' | 'dtd' | 'endless' | 'prefix', what: string): never;
}

export interface Tokens {
  /** The next text, cut anywhere. */
  write(piece: string): void;
  end(): void;
  /** The line at hand, from 1. */
  line(): number;
  /** Where the reading is, from 1 and from 0. */
  place(): { line: number; column: number };
}

/** Longer than any reference is, leading zeros included. */
const LONGEST_REFERENCE = 64;
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;

const COMMENT = '<!--';
const CDATA = '<![CDATA[';
const DOCTYPE = '<!DOCTYPE';

/** What the reading is in the middle of. A `tag` is held until it is whole; of the others nothing is held. */
type Inside = 'content' | 'tag' | 'comment' | 'cdata' | 'instruction';

/**
 * Cuts XML 1.0 into tags and texts, with all checks that make it well-formed but those of a DTD, which is refused. What lies between two signs that mean
 * something is looked for and not walked through, so it takes a fraction of the time of a
 * parser that goes character by character.
 */
export function createTokens(handler: TokenHandler, maxTag: number): Tokens {
  const names = createNames();
  const lineEnds = createLineEnds();
  const lines = createLines();
  const open: Name[] = [];
  let inside: Inside = 'content';
  let rooted = false;
  /** The text at hand, and what of it is read. */
  let text = '';
  let at = 0;
  /** The end of the text before, which cannot be told without what follows. */
  let carried = '';
  /** A tag that is not whole yet. */
  const held = createHeldTag();
  /** The text is such a tag, whole now. */
  let whole = false;
  /** Where the text goes on behind it. */
  let resume = 0;
  /** What an instruction begins with. */
  let instruction = '';
  /** Where it stands, for only the first in a document may declare it. */
  let declares = true;
  /** Characters since something was told. */
  let idle = 0;
  /** The next ampersand and `]]>` of the text, each looked for once. */
  let nextReference = -1;
  let nextBracket = -1;

  function fail(what: string): never {
    return handler.fail('broken', what);
  }

  const startTag = createStartTagReader({ names, decoded, fail });

  function write(piece: string): void {
    take(lineEnds.next(piece));
  }

  function take(more: string): void {
    text = carried + more;
    at = 0;
    carried = '';
    lines.begin(text);
    nextReference = find('&', 0);
    nextBracket = find(']]>', 0);
    if (FORBIDDEN.test(text)) {
      at = text.search(FORBIDDEN);
      fail('a character that XML does not have');
    }
    while (at < text.length) step();
    lines.end(text.length);
    text = '';
    at = 0;
  }

  function find(sign: string, from: number): number {
    const found = text.indexOf(sign, from);
    return found === -1 ? text.length : found;
  }

  function step(): void {
    switch (inside) {
      case 'content':
        content();
        return;
      case 'tag':
        restOfTag();
        return;
      case 'comment':
        comment();
        return;
      case 'cdata':
        cdata();
        return;
      case 'instruction':
        restOfInstruction();
        return;
      default:
        inside satisfies never;
    }
  }

  /** Keeps the rest of the text for when more has come. */
  function carry(from: number): void {
    carried = text.slice(from);
    text = text.slice(0, from);
    at = from;
  }

  function content(): void {
    const less = text.indexOf('<', at);
    if (less !== at) takeText(less);
    if (less === -1 || at !== less) return;
    declares = declares && less === 0;
    switch (text.charCodeAt(less + 1)) {
      case SLASH:
        declares = false;
        closingTag();
        return;
      case BANG:
        declares = false;
        special();
        return;
      case QUESTION:
        inside = 'instruction';
        instruction = '';
        at = less + 2;
        return;
      default:
        if (less + 1 === text.length) {
          carry(less);
          return;
        }
        declares = false;
        openingTag();
    }
  }

  /** Text up to the next tag, or as far as it is there. */
  function takeText(less: number): void {
    let end = less === -1 ? text.length : less;
    if (open.length === 0) {
      outside(end);
      return;
    }
    if (nextBracket < end) {
      if (nextBracket >= at) fail(']]> in a text');
      nextBracket = find(']]>', at);
      if (nextBracket < end) fail(']]> in a text');
    }
    if (nextReference < at) nextReference = find('&', at);
    const hasReferences = nextReference < end;
    if (less === -1) end = endOfPiece(end, hasReferences);
    if (end === at) {
      if (less === -1) carry(at);
      return;
    }
    idle = 0;
    const from = at;
    at = end;
    handler.text(hasReferences ? decoded(text.slice(from, end)) : text.slice(from, end));
    if (less === -1 && end < text.length) carry(end);
  }

  /** A reference, and a `]]>`, may be cut. */
  function endOfPiece(end: number, hasReferences: boolean): number {
    let whole = end;
    for (let n = 0; n < 2 && whole > at && text.charCodeAt(whole - 1) === CLOSE_BRACKET; n += 1) whole -= 1;
    if (!hasReferences) return whole;
    const last = text.lastIndexOf('&', end - 1);
    if (last < at || text.indexOf(';', last) !== -1) return whole;
    if (end - last > LONGEST_REFERENCE) handler.fail('endless', 'a reference');
    return Math.min(whole, last);
  }

  function outside(end: number): void {
    const blank = /[^\t\n ]/.exec(text.slice(at, end));
    if (blank !== null) {
      at += blank.index;
      fail('text outside of the outermost element');
    }
    idle += end - at;
    if (idle > maxTag) handler.fail('endless', 'a row of blanks');
    declares = false;
    at = end;
  }

  function decoded(raw: string): string {
    try {
      return resolved(raw);
    } catch (error) {
      if (error instanceof BadReference) fail(error.message);
      throw error;
    }
  }

  /** Comment, CDATA section or DTD. */
  function special(): void {
    if (text.startsWith(COMMENT, at)) {
      inside = 'comment';
      at += COMMENT.length;
    } else if (text.startsWith(CDATA, at)) {
      if (open.length === 0) fail('CDATA outside of the outermost element');
      inside = 'cdata';
      at += CDATA.length;
    } else if (text.startsWith(DOCTYPE, at)) {
      handler.fail('dtd', 'a DTD');
    } else {
      const begun = text.slice(at, at + CDATA.length);
      if (begun.length === CDATA.length || ![COMMENT, CDATA, DOCTYPE].some((whole) => whole.startsWith(begun)))
        fail('a tag that is none');
      carry(at);
    }
  }

  function comment(): void {
    const end = text.indexOf('--', at);
    if (end === -1 || end + 2 === text.length) {
      const rest = end === -1 ? (text.endsWith('-') ? text.length - 1 : text.length) : end;
      if (rest < text.length) carry(rest);
      at = text.length;
      return;
    }
    at = end + 2;
    if (text.charCodeAt(at) !== GREATER) fail('two hyphens in a comment');
    at += 1;
    inside = 'content';
  }

  function cdata(): void {
    const end = text.indexOf(']]>', at);
    let stop = end === -1 ? text.length : end;
    if (end === -1)
      for (let n = 0; n < 2 && stop > at && text.charCodeAt(stop - 1) === CLOSE_BRACKET; n += 1) stop -= 1;
    if (stop > at) handler.text(text.slice(at, stop));
    idle = 0;
    if (end === -1) {
      carry(stop);
      at = text.length;
      return;
    }
    at = end + 3;
    inside = 'content';
  }

  function restOfInstruction(): void {
    const end = text.indexOf('?>', at);
    const stop = end === -1 ? text.length - (text.endsWith('?') ? 1 : 0) : end;
    if (instruction.length < INSTRUCTION_HEAD) instruction += text.slice(at, Math.min(stop, at + INSTRUCTION_HEAD));
    idle += stop - at;
    if (idle > maxTag) handler.fail('endless', 'an instruction');
    if (end === -1) {
      carry(stop);
      at = text.length;
      return;
    }
    at = end + 2;
    inside = 'content';
    idle = 0;
    const right = isInstruction(instruction, declares);
    declares = false;
    if (!right) fail('an instruction that is none');
  }

  function closingTag(): void {
    const name = open.at(-1);
    const from = at + 2;
    if (name !== undefined && text.startsWith(name.written, from)) {
      const end = from + name.written.length;
      if (text.charCodeAt(end) === GREATER) {
        at = end + 1;
        close(name);
        return;
      }
    }
    const end = text.indexOf('>', from);
    if (end === -1) {
      holdTag();
      return;
    }
    const written = text.slice(from, end).replace(/[\t\n ]+$/, '');
    at = end + 1;
    if (name === undefined || written !== name.written) fail('an end tag that closes nothing');
    close(name);
  }

  function close(name: Name): void {
    idle = 0;
    open.pop();
    names.leave();
    handler.close(name.local);
  }

  function holdTag(): void {
    if (whole) fail('a tag that is none');
    inside = 'tag';
    restOfTag();
  }

  function restOfTag(): void {
    const end = held.add(text, at);
    if (held.length > maxTag) handler.fail('endless', 'a tag');
    at = end === -1 ? text.length : end;
    if (end === -1) return;
    inside = 'content';
    readWhole(held.take());
  }

  /** A tag that came in pieces. */
  function readWhole(joined: string): void {
    lines.countTo(at);
    const [rest, from, bracket, reference] = [text, at, nextBracket, nextReference];
    text = joined;
    at = 0;
    resume = from;
    whole = true;
    if (joined.charCodeAt(1) === SLASH) closingTag();
    else openingTag();
    if (at !== joined.length) fail('a tag that is none');
    whole = false;
    [text, at, nextBracket, nextReference] = [rest, from, bracket, reference];
  }

  function openingTag(): void {
    const end = startTag.read(text, at);
    if (end === -1) {
      holdTag();
      return;
    }
    const { name, attributes, prefixed, size, closed } = startTag.tag;
    at = end;
    if (open.length === 0) {
      if (rooted) fail('a second outermost element');
      rooted = true;
    }
    idle = 0;
    if (!whole) lines.countTo(end);
    open.push(name);
    const type = names.enter(name, prefixed);
    const stranger = names.stranger();
    if (stranger !== undefined) handler.fail('prefix', stranger);
    handler.open(name.local, type, attributes, size);
    if (closed) close(name);
  }

  return {
    write,
    end() {
      take(lineEnds.rest());
      if (!rooted) fail('there is no element');
      if (inside !== 'content' || carried !== '' || open.length > 0) fail('the end is missing');
    },
    line: () => lines.line,
    place() {
      const here = whole ? resume : at;
      lines.countTo(here);
      return { line: lines.line, column: lines.column(here) };
    },
  };
}
