import { StringDecoder } from 'node:string_decoder';
import { TextDecoder } from 'node:util';
import { TiplineError } from '../../../core/process/errors.ts';
import { printable } from '../../printable.ts';

export interface Decoder {
  write(bytes: Buffer): string;
  end(): string;
}

/** Enough for an XML declaration. */
export const HEAD_BYTES = 256;

/** By XML 1.0 (appendix F): byte order mark, else the looks of `<?`, else the declaration. */
export function decoderFor(head: Buffer): Decoder {
  if (head[0] === 0xfe && head[1] === 0xff) return otherDecoder('utf-16be');
  if (head[0] === 0xff && head[1] === 0xfe) return otherDecoder('utf-16le');
  if (head[0] === 0x3c && head[1] === 0) return otherDecoder('utf-16le');
  if (head[0] === 0 && head[1] === 0x3c) return otherDecoder('utf-16be');
  const declared = /^(?:\xef\xbb\xbf)?<\?xml[^>]{0,200}?\sencoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(
    head.toString('latin1', 0, HEAD_BYTES),
  )?.[1];
  // what can be read byte by byte is no UTF-16, whatever it says: it was recoded on its way
  if (declared === undefined || /^(?:utf-?8|us-ascii|utf-?16.*|iso-10646-ucs-2)$/i.test(declared)) {
    return new StringDecoder('utf8');
  }
  return otherDecoder(declared);
}

function otherDecoder(label: string): Decoder {
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label);
  } catch (cause) {
    throw new TiplineError(
      'FEED_XML_ENCODING',
      `the document is written in ${printable(label, 40)}, which tipline cannot read; ask the source for UTF-8`,
      { cause, retryable: false },
    );
  }
  return { write: (bytes) => decoder.decode(bytes, { stream: true }), end: () => decoder.decode() };
}
