import { TextDecoder } from 'node:util';
import { firstHigh, MARK_BYTES, narrowEncoding, SAMPLE_BYTES, wideEncoding } from '../encoding.ts';

/**
 * The text of a document: UTF-8, UTF-16 with a byte order mark or without, or Windows-1252, told by its bytes however they come. Broken bytes
 * become U+FFFD, which ends any indicator.
 */
export async function* decodedText(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let decoder: TextDecoder | undefined;
  /** What is not decoded yet, because it may tell the encoding. */
  let held: Buffer = Buffer.alloc(0);
  let begun = false;

  /** Takes off what can be decoded; the whole rest when nothing comes any more. */
  function take(ended: boolean): string {
    if (!begun) {
      if (held.length < MARK_BYTES && !ended) return '';
      begun = true;
      const wide = wideEncoding(held);
      if (wide !== undefined) decoder = new TextDecoder(wide);
    }
    if (decoder === undefined) {
      const high = firstHigh(held);
      if (high !== -1 && (held.length >= high + SAMPLE_BYTES || ended)) {
        const plain = held.toString('latin1', 0, high);
        const encoding = narrowEncoding(held.subarray(high, high + SAMPLE_BYTES));
        decoder = new TextDecoder(encoding);
        held = held.subarray(high);
        return plain + take(ended);
      }
      const plain = held.toString('latin1', 0, high === -1 ? held.length : high);
      held = high === -1 ? Buffer.alloc(0) : Buffer.from(held.subarray(high));
      return plain;
    }
    const text = decoder.decode(held, { stream: !ended });
    held = Buffer.alloc(0);
    return text;
  }

  for await (const chunk of bytes) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const text = take(false);
    if (text !== '') yield text;
  }
  yield take(true);
}
