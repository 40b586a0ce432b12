/** Where in a text something stands, told of windows from front to back. */
export interface LinePlace {
  /** The line of a place in text[from, to), and whether it is in a comment. Places only go up. */
  at(place: number): { readonly line: number; readonly comment: boolean };
  /** Goes on with the next window, whose text[from] is this one's text[to]. */
  move(window: { readonly text: string; readonly from: number }, to: number): void;
}

/**
 * Lists say in comments where they come from and whom to write to, and headings of documents look the same: `#`, `//`, `;`, `!` (of adblock lists;
 * `![` is a picture of Markdown) at the beginning of a line. Behind the only word of a line it is a remark to that word.
 */
const COMMENT = /[^\S\n]*(?:#|\/\/|;|!(?!\[))|[^\S\n]*[^\s#;!]\S{0,512}[^\S\n]{1,32}(?:#|\/\/|;)(?=\s)/y;

export function createLinePlace(): LinePlace {
  let text = '';
  let line = 1;
  /** As far as lines are counted, and the next line end, looked for once. */
  let read = 0;
  let end = -1;
  /** Where the comment of the line begins. */
  let comment = Number.POSITIVE_INFINITY;

  function beginLine(): void {
    COMMENT.lastIndex = read;
    comment = COMMENT.test(text) ? COMMENT.lastIndex : Number.POSITIVE_INFINITY;
  }

  function advance(place: number): void {
    while (end !== -1 && end < place) {
      line += 1;
      read = end + 1;
      end = text.indexOf('\n', read);
      beginLine();
    }
  }

  return {
    at(place) {
      advance(place);
      return { line, comment: place >= comment };
    },
    move(window, to) {
      const first = text === '';
      advance(to);
      comment += window.from - to;
      text = window.text;
      read = window.from;
      end = text.indexOf('\n', read);
      if (first) beginLine();
    },
  };
}
