import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import type { Tally } from '../../tally.ts';
import { createStix2Reader, type Stix2Options } from './reader.ts';

/**
 * The indicators of one STIX 2.0 or 2.1 document: a bundle, a TAXII envelope, an array of objects or one object.
 *
 * They come when the document was read to its end, because what belongs to them may stand anywhere in it; meanwhile they are held in a few
 * MB of memory and temporary files. Throws FEED_NOT_JSON with the byte where the document breaks, after what can be told of the objects
 * before it was given out, and FEED_SHAPE when there is nothing of STIX in it.
 */
export async function* stix2Records(
  bytes: AsyncIterable<Buffer>,
  options: Stix2Options,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const reader = createStix2Reader(options, tally);
  let broken: { error: unknown } | undefined;
  try {
    try {
      await reader.read(bytes);
    } catch (error) {
      broken = { error };
    }
    yield* reader.records(broken !== undefined);
    if (broken !== undefined) throw broken.error;
  } finally {
    reader.close();
  }
}
