/** A document whose first bytes were looked at. */
export interface Beginning {
  /** At least as many bytes as were asked for, or all there are. */
  readonly head: Buffer;
  /** There is no more than the head. */
  readonly whole: boolean;
  /** All of it, the head first. To be read once, and to its end, or closed. */
  readonly bytes: AsyncIterable<Buffer>;
  close(): Promise<void>;
}

/** Reads the first `size` bytes of a document, and gives all of it. */
export async function beginningOf(document: AsyncIterable<Buffer>, size: number): Promise<Beginning> {
  const source = document[Symbol.asyncIterator]();
  const pieces: Buffer[] = [];
  let length = 0;
  let whole = false;
  while (length < size && !whole) {
    const next = await source.next();
    if (next.done === true) {
      whole = true;
    } else {
      pieces.push(next.value);
      length += next.value.length;
    }
  }
  const head = Buffer.concat(pieces);
  async function* bytes(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      if (whole) return;
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value;
    } finally {
      await source.return?.();
    }
  }
  return {
    head,
    whole,
    bytes: bytes(),
    async close() {
      await source.return?.();
    },
  };
}
