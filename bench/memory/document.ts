/** A document that is made while it is sent. */
export interface Document {
  /** For the header. */
  readonly contentType: string;
  pieces(): Iterable<Buffer>;
  /** Records that a reader must find in it. */
  readonly records: number;
}

/** How often a block of `bytes` goes into a document of `size` bytes. */
export function timesIn(size: number, bytes: number): number {
  return Math.max(1, Math.round(size / bytes));
}
