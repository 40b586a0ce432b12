import { ownCopy } from '../own-copy.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const MOST_NAMES = 4096;
const LONGEST_NAME = 128;
/** A power of two. */
const RECENT_NAMES = 2048;

/** XML 1.0 (fifth edition), production 5. */
const START =
  ':A-Z_a-z\\u{c0}-\\u{d6}\\u{d8}-\\u{f6}\\u{f8}-\\u{2ff}\\u{370}-\\u{37d}\\u{37f}-\\u{1fff}\\u{200c}-\\u{200d}\\u{2070}-\\u{218f}\\u{2c00}-\\u{2fef}\\u{3001}-\\u{d7ff}\\u{f900}-\\u{fdcf}\\u{fdf0}-\\u{fffd}\\u{10000}-\\u{effff}';
const NAME = new RegExp(`^[${START}][${START}.0-9\\u{b7}\\u{300}-\\u{36f}\\u{203f}-\\u{2040}-]*$`, 'u');

/** The name of an element or attribute. */
export interface Name {
  readonly written: string;
  readonly prefix: string;
  readonly local: string;
  /** False for what XML has no such name for. */
  readonly valid: boolean;
  /** There is one of it, else a new one for each time it is met. */
  readonly kept: boolean;
  /** The state of the declarations under which the prefix was found declared. */
  checked: number;
  /** The last tag that had it as an attribute. */
  tag: number;
  /** What it declared last, if that stands in the document as it is: a document of packages declares the same dozen prefixes in each of them. */
  uri: string;
}

/** An attribute with a prefix. */
export interface Prefixed {
  readonly name: Name;
  readonly value: string;
}

export function isName(text: string): boolean {
  return NAME.test(text);
}

/** Names, and the prefixes in scope. Of all that namespaces mean only two things are needed: that each prefix is declared, and which one is xsi. */
export interface Names {
  /** The name that stands there. Makes no text of it when it was met before. */
  nameAt(text: string, from: number, to: number): Name;
  /** An element begins that has these attributes with a prefix. Gives the local part of its xsi:type. */
  enter(name: Name, prefixed: readonly Prefixed[] | undefined): string | undefined;
  /** A prefix that nothing declares. */
  stranger(): string | undefined;
  /** Its end. */
  leave(): void;
}

export function createNames(): Names {
  const declared = new Map<string, string>([['xml', 'http://www.w3.org/XML/1998/namespace']]);
  /** For each open element what its declarations replaced. */
  const replaced: ([string, string | undefined][] | undefined)[] = [];
  const known = new Map<string, Name>();
  /** Those met last, by what is cheap to see of them. */
  const recent = new Array<Name | undefined>(RECENT_NAMES);
  let version = 0;
  /** Of the tag at hand. */
  let declarations: [string, string | undefined][] | undefined;
  let stranger: string | undefined;

  function nameOf(slice: string): Name {
    const found = known.get(slice);
    if (found !== undefined) return found;
    const kept = known.size < MOST_NAMES && slice.length < LONGEST_NAME;
    const written = kept ? ownCopy(slice) : slice;
    const colon = written.indexOf(':');
    const prefix = colon === -1 ? '' : written.slice(0, colon);
    const name = {
      written,
      prefix,
      local: written.slice(colon + 1),
      valid: isName(written),
      kept,
      checked: -1,
      tag: -1,
      uri: '',
    };
    if (kept) known.set(written, name);
    return name;
  }

  function nameAt(text: string, from: number, to: number): Name {
    const length = to - from;
    const look =
      length * 37 +
      text.charCodeAt(from) * 5 +
      text.charCodeAt(to - 1) * 131 +
      text.charCodeAt(from + (length >> 1)) * 17;
    const place = look & (RECENT_NAMES - 1);
    const met = recent[place];
    if (met !== undefined && met.written.length === length && text.startsWith(met.written, from)) return met;
    const name = nameOf(text.slice(from, to));
    if (name.kept) recent[place] = name;
    return name;
  }

  function typeOf(prefixed: readonly Prefixed[]): string | undefined {
    let type: string | undefined;
    for (const { name, value } of prefixed) {
      if (name.prefix === 'xmlns') continue;
      const uri = declared.get(name.prefix);
      if (uri === undefined) stranger = name.prefix;
      else if (uri === XSI && name.local === 'type') type = nameOf(value.trim()).local;
    }
    return type;
  }

  function declare(name: Name, value: string): void {
    const uri = name.uri === value ? name.uri : ownCopy(value);
    if (!/[&<\t\n]/.test(uri)) name.uri = uri;
    declarations ??= [];
    declarations.push([name.local, declared.get(name.local)]);
    declared.set(name.local, uri);
    version += 1;
  }

  return {
    nameAt,
    enter(name, prefixed) {
      declarations = undefined;
      // a declaration counts for all of its tag, before it as well
      if (prefixed !== undefined)
        for (const { name: each, value } of prefixed) if (each.prefix === 'xmlns') declare(each, value);
      replaced.push(declarations);
      if (name.checked !== version) {
        if (name.prefix !== '' && !declared.has(name.prefix)) stranger = name.prefix;
        name.checked = version;
      }
      return prefixed === undefined ? undefined : typeOf(prefixed);
    },
    stranger: () => stranger,
    leave() {
      const own = replaced.pop();
      if (own === undefined) return;
      version += 1;
      for (const [prefix, uri] of own.reverse()) {
        if (uri === undefined) declared.delete(prefix);
        else declared.set(prefix, uri);
      }
    },
  };
}
