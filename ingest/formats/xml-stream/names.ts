import { ownCopy } from '../own-copy.ts';

const XSI = 'http://www.w3.org/2001/XMLSchema-instance';
const MOST_NAMES = 4096;
const LONGEST_NAME = 128;

interface Name {
  readonly prefix: string;
  readonly local: string;
  /** The state of the declarations under which the prefix was found declared. */
  checked: number;
}

/**
 * Names and the prefixes in scope. saxes could resolve names too, but makes an object of every attribute and so takes half as long again;
 * of all that only two things are needed: that each prefix is declared, and which one is xsi.
 */
export function createNames() {
  const declared = new Map<string, string>([['xml', 'http://www.w3.org/XML/1998/namespace']]);
  /** For each open element what its declarations replaced. */
  const replaced: ([string, string | undefined][] | undefined)[] = [];
  const known = new Map<string, Name>();
  let version = 0;
  /** Of the tag at hand: what it declares, and its other attributes with a prefix, as prefix, local name and value. */
  let declarations: [string, string | undefined][] | undefined;
  let others: string[] | undefined;
  let stranger: string | undefined;

  function nameOf(written: string): Name {
    const found = known.get(written);
    if (found !== undefined) return found;
    const kept = known.size < MOST_NAMES && written.length < LONGEST_NAME;
    const text = kept ? ownCopy(written) : written;
    const colon = text.indexOf(':');
    const name = { prefix: colon === -1 ? '' : text.slice(0, colon), local: text.slice(colon + 1), checked: -1 };
    if (kept) known.set(text, name);
    return name;
  }

  return {
    /** An attribute with a colon in its name. */
    prefixed(name: string, colon: number, value: string): void {
      if (!name.startsWith('xmlns:')) {
        others ??= [];
        others.push(name.slice(0, colon), name.slice(colon + 1), value);
        return;
      }
      const prefix = ownCopy(name.slice(colon + 1));
      declarations ??= [];
      declarations.push([prefix, declared.get(prefix)]);
      declared.set(prefix, ownCopy(value));
      version += 1;
    },
    /** Behind the last attribute of a tag: its local name. */
    enter(written: string): string {
      replaced.push(declarations);
      declarations = undefined;
      const name = nameOf(written);
      if (name.checked !== version) {
        if (name.prefix !== '' && !declared.has(name.prefix)) stranger = name.prefix;
        name.checked = version;
      }
      return name.local;
    },
    /** The local part of its xsi:type. */
    type(): string | undefined {
      if (others === undefined) return undefined;
      let type: string | undefined;
      for (let at = 0; at < others.length; at += 3) {
        const prefix = others[at] ?? '';
        const uri = declared.get(prefix);
        if (uri === undefined) stranger = prefix;
        else if (uri === XSI && others[at + 1] === 'type') type = nameOf(others[at + 2]?.trim() ?? '').local;
      }
      others = undefined;
      return type;
    },
    /** A prefix that nothing declares. */
    stranger: () => stranger,
    leave(): void {
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
