import { type FormatName, type FormatSettings, openFormat, readsBytes } from '../../../ingest/formats/known.ts';
import { listText } from '../../../ingest/formats/text.ts';
import { createTally } from '../../../ingest/tally.ts';
import type { Reads } from './growth.ts';
import type { Shape } from './shape.ts';
import { INDICATORS } from './words.ts';

/** A parser, what it is fed with to begin with, and the pieces that its language is made of. */
export interface Target {
  readonly name: string;
  readonly reads: Reads;
  readonly shapes: readonly Shape[];
  readonly words: readonly string[];
  /** Bytes of the longest text that it is ever given. */
  readonly most: number;
}

export const MEGABYTE = 1024 ** 2;
const PIECE = 64 * 1024;

export async function* inPieces(input: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < input.length; at += PIECE) yield input.subarray(at, at + PIECE);
}

export function format(
  name: FormatName,
  shapes: readonly Shape[],
  words: readonly string[],
  settings: FormatSettings = {},
): Target {
  const read = openFormat(name, settings);
  return {
    name: `format ${name}`,
    shapes,
    words: [...words, ...INDICATORS],
    most: 8 * MEGABYTE,
    async reads(input) {
      const bytes = readsBytes(name)
        ? inPieces(input)
        : listText(inPieces(input), { contentType: '', allowHtmlType: true });
      for await (const _batch of read(bytes, createTally())) {
        // read to its end
      }
    },
  };
}

export function text(
  name: string,
  reads: (text: string) => unknown,
  shapes: readonly Shape[],
  words: readonly string[],
  most = 8 * MEGABYTE,
): Target {
  return {
    name,
    shapes,
    words,
    most,
    reads: (input) => {
      reads(input.toString('utf8'));
    },
  };
}
