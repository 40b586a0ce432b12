import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import { beginningOf } from '../beginning.ts';
import { encodingOf } from '../encoding.ts';
import { parseDocument } from '../json.ts';
import { listText, wholeText } from '../text.ts';
import { readXml, type XmlHandler } from '../xml-stream.ts';
import { jsonEvents } from './json.ts';
import { createStix1Reader, type Stix1Options, type Stix1Reader } from './reader.ts';

/** A package, observables alone, or a single one of what a package has many of. */
const ROOTS: ReadonlySet<string> = new Set(['STIX_Package', 'Observables', 'Indicator', 'Observable']);

/** So much tells JSON from XML. */
const HEAD_BYTES = 1024;
/** What is said of a package may stand behind all that is in it, so JSON is read whole. */
const MOST_JSON_BYTES = 64 * 1024 ** 2;

/**
 * The indicators of one STIX 1.0 – 1.2.1 document with CybOX 2: in XML, of either family of namespaces, in memory that does not depend on its
 * length; or in the JSON that python-stix makes of it, up to 64 MB. At most PAGE_RECORDS at a time. Throws `FEED_NOT_STIX`, what `readXml`
 * throws, `FEED_NOT_JSON` or `FEED_TOO_LARGE`, after what came before was handed on.
 */
export async function* stix1Records(
  bytes: AsyncIterable<Buffer>,
  options: Stix1Options,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const reader = createStix1Reader(options, tally);
  const document = await beginningOf(bytes, HEAD_BYTES);
  try {
    let failure: { error: unknown } | undefined;
    try {
      if (isJson(document.head)) yield* readJson(document.bytes, reader);
      else yield* readXml(document.bytes, rooted(reader), reader.take);
    } catch (error) {
      failure = { error };
    }
    // what waits for the rest of a broken document is as true as what did not have to
    reader.end();
    yield* taken(reader);
    if (failure !== undefined) throw failure.error;
  } finally {
    reader.release();
    await document.close();
  }
}

function isJson(head: Buffer): boolean {
  return /^[\s\ufeff]*[{[]/.test(new TextDecoder(encodingOf(head)).decode(head));
}

async function* readJson(bytes: AsyncIterable<Buffer>, reader: Stix1Reader): AsyncGenerator<RawIndicator[]> {
  const text = await wholeText(listText(bytes, { contentType: '', allowHtmlType: true }), MOST_JSON_BYTES);
  for (const _ of jsonEvents(parseDocument(text), reader)) yield* taken(reader);
}

function* taken(reader: Stix1Reader): Generator<RawIndicator[]> {
  for (let batch = reader.take(); batch.length > 0; batch = reader.take()) yield batch;
}

function rooted(reader: Stix1Reader): XmlHandler {
  let begun = false;
  return {
    open(tag) {
      if (!begun && !ROOTS.has(tag.name)) {
        throw new TiplineError(
          'FEED_NOT_STIX',
          `the document is not STIX 1: its outermost element is <${printable(tag.name, 60)}>, not <STIX_Package>`,
          { retryable: false },
        );
      }
      begun = true;
      reader.open(tag);
    },
    text: reader.text,
    close: reader.close,
  };
}
