/** A stretch of a long text with some of what stands around it: what begins in text[from, to) belongs to this window. */
export interface Window {
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

export interface WindowOptions {
  /** Characters that a window answers for. */
  size: number;
  /** Characters in front of them: as far as anything looks back. */
  before: number;
  /** Characters behind them: as far as anything that begins inside can reach. */
  after: number;
}

/**
 * Cuts a text that comes in pieces into windows. Their borders depend on the text alone, never on how it came, and as long as nothing
 * looks further than `before` and `after` the borders do not matter either.
 */
export async function* windows(
  pieces: AsyncIterable<string>,
  { size, before, after }: WindowOptions,
): AsyncGenerator<Window> {
  let held = '';
  /** Where in `held` the next window begins. */
  let start = 0;
  for await (const piece of pieces) {
    held += piece;
    if (held.length - start < size + after) continue;
    while (held.length - start >= size + after) {
      const first = Math.max(0, start - before);
      yield { text: held.slice(first, start + size + after), from: start - first, to: start - first + size };
      start += size;
    }
    const kept = Math.max(0, start - before);
    held = held.slice(kept);
    start -= kept;
  }
  const first = Math.max(0, start - before);
  yield { text: held.slice(first), from: start - first, to: held.length - first };
}
