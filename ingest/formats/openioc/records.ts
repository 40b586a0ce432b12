import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import { readXml, type XmlHandler, type XmlTag } from '../xml-stream.ts';
import { createDefinition } from './definition.ts';
import { createHead, HEAD_ELEMENTS } from './head.ts';

/** OpenIOC 1.0 and 1.1. */
export const OPENIOC_ROOTS: ReadonlySet<string> = new Set(['ioc', 'OpenIOC']);
/** Characters of one text that are kept. */
const MOST_TEXT = 8192;

/**
 * The indicators of an OpenIOC document: items of `definition` or `criteria` that name one by `is` or `contains`. What stands with others under an AND is
 * composite, apart from the digest of a file beside other things told of that file. The document's head gives description, author,
 * malware and its time. Throws `FEED_NOT_OPENIOC`, or what `readXml` throws, after what came before was handed on.
 */
export async function* openiocRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  const head = createHead();
  const ready: RawIndicator[] = [];
  const definition = createDefinition((record) => ready.push({ ...record, ...head.said() }), tally);
  let rooted = false;
  /** The element whose text is being kept, and that text. */
  let keeping: string | undefined;
  let text = '';

  const handler: XmlHandler = {
    open(tag: XmlTag) {
      if (!rooted && !OPENIOC_ROOTS.has(tag.name)) {
        throw new TiplineError(
          'FEED_NOT_OPENIOC',
          `the document is not OpenIOC: its outermost element is <${printable(tag.name, 60)}>, not <ioc> or <OpenIOC>`,
          { retryable: false },
        );
      }
      if (!rooted) head.root(tag);
      rooted = true;
      definition.open(tag);
      if (tag.name === 'link') head.link(tag);
      if (tag.name === 'Content' || HEAD_ELEMENTS.has(tag.name)) {
        keeping = tag.name;
        text = '';
      }
    },
    text(piece) {
      if (keeping !== undefined && text.length < MOST_TEXT) text += piece.slice(0, MOST_TEXT - text.length);
    },
    close(name) {
      if (name === keeping) {
        if (name === 'Content') definition.content(text.trim());
        else head.text(name, text.trim());
        keeping = undefined;
      }
      definition.close(name);
    },
  };
  const take = (): RawIndicator[] => ready.splice(0, PAGE_RECORDS);
  let failure: { error: unknown } | undefined;
  try {
    yield* readXml(bytes, handler, take);
  } catch (error) {
    failure = { error };
  }
  // what waits for the rest of a broken document is as true as what did not have to
  definition.end();
  for (let batch = take(); batch.length > 0; batch = take()) yield batch;
  if (failure !== undefined) throw failure.error;
}
