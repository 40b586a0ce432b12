import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import type { Tally } from '../../tally.ts';
import { jsonParts } from '../json-stream.ts';
import type { MispOptions } from './options.ts';
import { wishAt } from './place.ts';
import { MispReader } from './reader.ts';
import { createSummary, noteLeftOut } from './summary.ts';

/**
 * The indicators of an export of MISP: events, attributes or objects, in any of the shapes that its API, its feeds and its users write.
 *
 * Events of up to `maxElement` are built whole, larger ones are read from the inside and held in a temporary file until their end, because
 * what binds all attributes (tags and TLP above all) stands behind them. An event that is cut off gives nothing: its TLP is not
 * known. Throws FEED_NOT_JSON with the byte where the document breaks, after all events before it were given out, and FEED_SHAPE
 * for a document without anything of MISP.
 */
export async function* mispRecords(
  bytes: AsyncIterable<Buffer>,
  options: MispOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const summary = options.summary ?? createSummary();
  const reader = new MispReader(options, summary, tally);
  let batch: RawIndicator[] = [];
  let broken: { error: unknown } | undefined;
  try {
    try {
      const parts = jsonParts(bytes, {
        at: wishAt,
        ...(options.maxElement === undefined ? {} : { maxElement: options.maxElement }),
      });
      for await (const some of parts) {
        for (const part of some) {
          for (const record of reader.take(part)) {
            batch.push(record);
            if (batch.length < PAGE_RECORDS) continue;
            yield batch;
            batch = [];
          }
        }
      }
      reader.finish();
    } catch (error) {
      broken = { error };
    }
    // what was read before the document broke is as good as what comes after an unbroken one
    if (batch.length > 0) yield batch;
    if (broken !== undefined) throw broken.error;
  } finally {
    reader.close();
    if (options.summary === undefined) noteLeftOut(summary, tally);
  }
}
