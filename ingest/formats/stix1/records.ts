import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import { readXml, type XmlHandler } from '../xml-stream.ts';
import { createStix1Reader, type Stix1Options } from './reader.ts';

/** A package, observables alone, or a single one of what a package has many of. */
const ROOTS: ReadonlySet<string> = new Set(['STIX_Package', 'Observables', 'Indicator', 'Observable']);

/**
 * The indicators of one STIX 1.0 – 1.2.1 document with CybOX 2, of either family of namespaces; at most PAGE_RECORDS at a time, in memory
 * that does not depend on its length. Throws `FEED_NOT_STIX`, or what `readXml` throws, after what came before was handed on.
 */
export async function* stix1Records(
  bytes: AsyncIterable<Buffer>,
  options: Stix1Options,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const reader = createStix1Reader(options, tally);
  let rooted = false;
  const handler: XmlHandler = {
    open(tag) {
      if (!rooted && !ROOTS.has(tag.name)) {
        throw new TiplineError(
          'FEED_NOT_STIX',
          `the document is not STIX 1: its outermost element is <${printable(tag.name, 60)}>, not <STIX_Package>`,
          { retryable: false },
        );
      }
      rooted = true;
      reader.open(tag);
    },
    text: reader.text,
    close: reader.close,
  };
  try {
    let failure: { error: unknown } | undefined;
    try {
      yield* readXml(bytes, handler, reader.take);
    } catch (error) {
      failure = { error };
    }
    // what waits for the rest of a broken document is as true as what did not have to
    reader.end();
    for (let batch = reader.take(); batch.length > 0; batch = reader.take()) yield batch;
    if (failure !== undefined) throw failure.error;
  } finally {
    reader.release();
  }
}
