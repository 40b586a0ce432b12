/**
 * Bytes of a batch's rendered documents, one after the other in large Buffers that are used again. A text put together from forty pieces is
 * a tree of strings in the heap; a batch's worth of them outlives the young generation, and collecting them costs more than the bytes do.
 */
export interface Sheet {
  /** The text as UTF-8: a view that is valid until the sheet is given back. */
  write(text: string): Buffer;
}

export interface Sheets {
  take(): Sheet;
  /** Only when nothing that was written on it is in use, not even by a request that was given up. */
  giveBack(sheet: Sheet): void;
}

/** Outside Node's shared pool, which a view would keep alive. */
const LEAF_BYTES = 1024 * 1024;
/** A sheet that a batch of giants has grown is not kept. */
const MOST_LEAVES = 8;

class Leaves implements Sheet {
  readonly #leaves: Buffer[] = [];
  #leaf = 0;
  #at = 0;

  write(text: string): Buffer {
    // a UTF-16 unit takes three bytes at most
    const most = text.length * 3;
    let leaf = this.#leaves[this.#leaf];
    if (leaf === undefined || leaf.length - this.#at < most) {
      if (most > LEAF_BYTES) return Buffer.from(text);
      if (leaf !== undefined) this.#leaf += 1;
      leaf = this.#leaves[this.#leaf] ??= Buffer.allocUnsafeSlow(LEAF_BYTES);
      this.#at = 0;
    }
    const from = this.#at;
    this.#at += leaf.write(text, from, 'utf8');
    return leaf.subarray(from, this.#at);
  }

  /** False when it has grown too large to be kept. */
  clear(): boolean {
    this.#leaf = 0;
    this.#at = 0;
    return this.#leaves.length <= MOST_LEAVES;
  }
}

/** `most`: sheets kept for the batches to come. */
export function createSheets(most = 4): Sheets {
  const free: Leaves[] = [];
  return {
    take: () => free.pop() ?? new Leaves(),
    giveBack(sheet) {
      if (sheet instanceof Leaves && sheet.clear() && free.length < most) free.push(sheet);
    },
  };
}
