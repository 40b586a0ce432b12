/** Makes every line end one line feed, as XML 1.0 wants it, and takes the byte order mark away, in a text that comes in pieces. */
export interface LineEnds {
  next(piece: string): string;
  /** What was kept back at the end of the text. */
  rest(): string;
}

export function createLineEnds(): LineEnds {
  let begun = false;
  /** A carriage return at the end, whose line feed may follow. */
  let open = '';
  return {
    next(piece) {
      let text = open === '' ? piece : open + piece;
      open = '';
      if (!begun && text !== '') {
        begun = true;
        if (text.charCodeAt(0) === 0xfeff) text = text.slice(1);
      }
      if (!text.includes('\r')) return text;
      if (text.endsWith('\r')) {
        open = '\r';
        text = text.slice(0, -1);
      }
      return text.replace(/\r\n?/g, '\n');
    },
    rest() {
      const rest = open === '' ? '' : '\n';
      open = '';
      return rest;
    },
  };
}
