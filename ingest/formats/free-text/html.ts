import { decodeReferences, LONGEST_REFERENCE } from './entities.ts';

/** Elements that do not end a word: `evil<b>[.]</b>example` is one name. */
const WITHIN_WORDS: ReadonlySet<string> = new Set(
  'a abbr acronym b bdi bdo big cite code del dfn em font i ins kbd label mark nobr q s samp small span strike strong tt u var wbr'.split(
    ' ',
  ),
);
/** Elements whose content is no text that anybody reads. */
const UNREAD: ReadonlySet<string> = new Set(['script', 'style', 'iframe', 'noembed', 'noframes', 'xmp']);
/** Stands where an element ends a word. White space, and no line end, so that lines are counted as the document has them. */
const BREAK = '\u000b';
/** More than this between `<` and `>` is no tag. */
const MOST_TAG = 64 * 1024;
/** Links that wait for the end of a word. */
const MOST_WAITING = 16 * 1024;
/** Tails that may be the beginning of `-->` or `</script`. */
const TAIL = 12;

const QUOTE_OR_END = /["'>]/g;
const LINK = /^<a(?:rea)?\s(?:[\s\S]*?[\s"'])?href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))/i;
const ABSOLUTE = /^\s*(?:(?:https?|ftp):\/\/|mailto:|h[tx*_]{2}ps?[[:])/i;

/**
 * The text that a reader of the page sees, with where its links lead: those to other places on the web and to mailboxes, each as a word of
 * its own behind the one that it belongs to. Browsers are followed as far as it matters: comments, scripts and
 * styles are left out, and a `<` that begins no tag is one.
 */
export async function* htmlText(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  const reader = new PageReader();
  for await (const piece of pieces) {
    const text = reader.read(piece, false);
    if (text !== '') yield text;
  }
  yield reader.read('', true);
}

type Inside = 'text' | 'comment' | { readonly element: string };

class PageReader {
  #held = '';
  #inside: Inside = 'text';
  /** Where in the held text the search for the end of a tag stands, and the quote that it is in. */
  #scan = { at: 0, quote: '' };
  #links = '';
  /** Line ends inside tags, comments and scripts, which are given out with the next break. */
  #lines = 0;
  #out = '';

  read(piece: string, ended: boolean): string {
    this.#held += piece;
    let at = 0;
    for (;;) {
      const next = this.#step(at, ended);
      if (next === undefined) break;
      at = next;
    }
    this.#held = this.#held.slice(at);
    this.#scan.at = Math.max(0, this.#scan.at - at);
    if (ended) this.#break();
    const text = this.#out;
    this.#out = '';
    return text;
  }

  /** Reads on from `at`; undefined when more is needed. */
  #step(at: number, ended: boolean): number | undefined {
    if (at >= this.#held.length) return undefined;
    if (this.#inside === 'text') return this.#readText(at, ended);
    return this.#inside === 'comment'
      ? this.#skipTo(at, /-->|--!>/g, ended)
      : this.#skipTo(at, new RegExp(`</${this.#inside.element}(?=[\\s/>])`, 'gi'), ended);
  }

  #readText(at: number, ended: boolean): number | undefined {
    const held = this.#held;
    if (held.charAt(at) === '<') {
      const kind = held.charAt(at + 1);
      if (kind === '' && !ended) return undefined;
      if (held.startsWith('<!--', at)) {
        this.#inside = 'comment';
        return at + 4;
      }
      if (kind === '!' && !ended && held.length - at < 4) return undefined;
      if (/[A-Za-z/!?]/.test(kind)) return this.#readTag(at, ended);
      this.#text('<');
      return at + 1;
    }
    const tag = held.indexOf('<', at);
    let end = tag === -1 ? held.length : tag;
    if (tag === -1 && !ended) {
      // a reference that may not be complete
      const reference = held.lastIndexOf('&');
      if (reference >= at && held.length - reference < LONGEST_REFERENCE && !held.includes(';', reference))
        end = reference;
    }
    if (end === at) return undefined;
    this.#text(decodeReferences(held.slice(at, end)));
    return end;
  }

  #readTag(at: number, ended: boolean): number | undefined {
    const end = this.#endOfTag(at);
    if (end === -1 && this.#held.length - at <= MOST_TAG && !ended) return undefined;
    this.#scan = { at: 0, quote: '' };
    if (end === -1) {
      // all of it at once: looking for a tag at each `<` in it again would cost the square of its length
      const text = this.#held.slice(at, at + MOST_TAG);
      this.#text(decodeReferences(text));
      return at + text.length;
    }
    const tag = this.#held.slice(at, end + 1);
    const name = /^<\/?([A-Za-z][A-Za-z0-9-]*)/.exec(tag)?.[1]?.toLowerCase() ?? '';
    this.#lines += countLines(tag);
    if (!WITHIN_WORDS.has(name)) this.#break();
    const link = LINK.exec(tag);
    if (link !== null) this.#addLink(link[1] ?? link[2] ?? link[3] ?? '');
    if (UNREAD.has(name) && !tag.startsWith('</')) this.#inside = { element: name };
    return end + 1;
  }

  /** The place of the `>` that ends the tag; one in a quoted value does not. -1 while it is not there. */
  #endOfTag(start: number): number {
    const held = this.#held;
    const scan = this.#scan;
    if (scan.at <= start) {
      scan.at = start + 1;
      scan.quote = '';
    }
    const most = Math.min(held.length, start + MOST_TAG + 1);
    while (scan.at < most) {
      if (scan.quote !== '') {
        const close = held.indexOf(scan.quote, scan.at);
        scan.at = close === -1 || close >= most ? most : close + 1;
        if (close !== -1 && close < most) scan.quote = '';
        continue;
      }
      QUOTE_OR_END.lastIndex = scan.at;
      const at = QUOTE_OR_END.exec(held)?.index ?? most;
      if (at >= most) {
        scan.at = most;
      } else if (held.charAt(at) === '>') {
        return at;
      } else {
        scan.at = at + 1;
        if (held.slice(start, at).trimEnd().endsWith('=')) scan.quote = held.charAt(at);
      }
    }
    return -1;
  }

  #skipTo(at: number, end: RegExp, ended: boolean): number | undefined {
    end.lastIndex = at;
    const found = end.exec(this.#held);
    const to = found === null ? Math.max(at, this.#held.length - (ended ? 0 : TAIL)) : found.index;
    this.#lines += countLines(this.#held.slice(at, to));
    if (found === null) return to === at ? undefined : to;
    const comment = this.#inside === 'comment';
    this.#inside = 'text';
    return comment ? to + found[0].length : to;
  }

  #addLink(href: string): void {
    const target = decodeReferences(href.trim()).replace(/[\s\x00-\x1f]+/g, '');
    if (!ABSOLUTE.test(target)) return;
    // `mailto:` is no part of an address, and its query is no part of a mailbox
    this.#links += ` ${/^mailto:/i.test(target) ? target.slice('mailto:'.length).split('?')[0] : target} `;
    if (this.#links.length > MOST_WAITING) this.#break();
  }

  #text(text: string): void {
    if (this.#links === '' && this.#lines === 0) {
      this.#out += text;
      return;
    }
    const space = text.search(/\s/);
    if (space === -1) {
      this.#out += text;
      return;
    }
    this.#out += text.slice(0, space);
    this.#break();
    this.#out += text.slice(space);
  }

  #break(): void {
    this.#out += `${BREAK}${this.#links}${'\n'.repeat(this.#lines)}${BREAK}`;
    this.#links = '';
    this.#lines = 0;
  }
}

function countLines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
