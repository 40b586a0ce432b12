import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import type { Tally } from '../tally.ts';
import { createStix1Reader } from './stix1/reader.ts';
import { readMessage } from './taxii1/reader.ts';

/**
 * The indicators of one Poll_Response of TAXII 1.0 or 1.1 that somebody saved: STIX 1 in its content blocks. Throws what `readMessage` throws,
 * after what came before was handed on.
 */
export async function* pollResponseRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  const stix = createStix1Reader({}, tally);
  try {
    let failure: { error: unknown } | undefined;
    try {
      const message = yield* readMessage(bytes, { stix, tally });
      if (message.kind === 'poll' && (message.more || message.partial)) {
        tally.note('the response is a part of its result; the server had more to give');
      }
    } catch (error) {
      failure = { error };
    }
    // what waits for the rest of a broken document is as true as what did not have to
    stix.end();
    for (let batch = stix.take(); batch.length > 0; batch = stix.take()) yield batch;
    if (failure !== undefined) throw failure.error;
  } finally {
    stix.release();
  }
}
