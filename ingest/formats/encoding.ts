export type TextEncoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';

/** So many bytes tell UTF-16 without a byte order mark. */
export const MARK_BYTES = 1024;
/** So many bytes from the first one above 127 on tell UTF-8 from Windows-1252. */
export const SAMPLE_BYTES = 4096;

/**
 * UTF-16, by its byte order mark, or by its zeros: text of our scripts has one in every second place, and binary data has them anywhere. Undefined
 * for everything else.
 */
export function wideEncoding(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  const length = Math.min(head.length, MARK_BYTES) & ~1;
  const zeros: [even: number, odd: number] = [0, 0];
  for (let at = 0; at < length; at += 1) if (head[at] === 0) zeros[at & 1 ? 1 : 0] += 1;
  const [even, odd] = zeros;
  const half = length / 2;
  if (half < 4) return undefined;
  if (even === 0 && odd > half * 0.7) return 'utf-16le';
  return odd === 0 && even > half * 0.7 ? 'utf-16be' : undefined;
}

/**
 * UTF-8, or Windows-1252 (which Latin-1 is read as everywhere) when what is above 127 is no UTF-8. `sample` may be cut off anywhere. Where both
 * are mixed, the one that explains more.
 */
export function narrowEncoding(sample: Buffer): 'utf-8' | 'windows-1252' {
  let whole = 0;
  let broken = 0;
  for (let at = 0; at < sample.length; ) {
    const byte = sample[at] ?? 0;
    const length = byte < 0x80 ? 1 : byte >= 0xf0 && byte < 0xf5 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 0;
    if (length === 1) {
      at += 1;
      continue;
    }
    let follow = 1;
    while (follow < length && ((sample[at + follow] ?? 0) & 0xc0) === 0x80) follow += 1;
    if (length !== 0 && follow === length) {
      whole += 1;
      at += length;
    } else if (length !== 0 && at + follow >= sample.length) {
      break;
    } else {
      broken += 1;
      at += 1;
    }
  }
  return broken > whole ? 'windows-1252' : 'utf-8';
}

/** The place of the first byte above 127; -1 when there is none. */
export function firstHigh(bytes: Buffer): number {
  for (let at = 0; at < bytes.length; at += 1) if ((bytes[at] ?? 0) > 0x7f) return at;
  return -1;
}

/** The encoding of a text by a piece of its beginning. */
export function encodingOf(head: Buffer): TextEncoding {
  const wide = wideEncoding(head);
  if (wide !== undefined) return wide;
  const high = firstHigh(head);
  return high === -1 ? 'utf-8' : narrowEncoding(head.subarray(high, high + SAMPLE_BYTES));
}
