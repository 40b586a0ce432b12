import { TextDecoder } from 'node:util';
import { TiplineError } from '../../core/process/errors.ts';
import { wideEncoding } from './encoding.ts';

const UTF8_BOM = Buffer.from([0xef, 0xbb, 0xbf]);
/** Enough to see `<!doctype html` behind a byte order mark and white space. */
const PEEK_BYTES = 1024;

export interface TextOptions {
  /** The Content-Type header, or empty. */
  contentType: string;
  /** Take the word text/html for it only when the body begins like a page. */
  allowHtmlType: boolean;
}

/**
 * A list as UTF-8 bytes without byte order mark; UTF-16 is recoded. Throws FEED_HTML_PAGE when it is a web page: log-in forms, block
 * pages and error pages come with status 200, and line by line they would become records.
 */
export async function* listText(bytes: AsyncIterable<Buffer>, options: TextOptions): AsyncGenerator<Buffer> {
  const htmlType = !options.allowHtmlType && /^\s*(text\/html|application\/xhtml)/i.test(options.contentType);
  let head: Buffer | undefined = Buffer.alloc(0);
  let recode: TextDecoder | undefined;
  for await (const chunk of bytes) {
    // not before the first byte is here: whoever begins to read also ends it, and so lets the connection go
    if (htmlType) throw htmlPage();
    if (head === undefined) {
      yield recode === undefined ? chunk : Buffer.from(recode.decode(chunk, { stream: true }));
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < PEEK_BYTES) continue;
    recode = wideDecoder(head);
    yield opened(head, recode);
    head = undefined;
  }
  if (head !== undefined && head.length > 0) {
    recode = wideDecoder(head);
    yield opened(head, recode);
  }
}

function opened(head: Buffer, recode: TextDecoder | undefined): Buffer {
  // TextDecoder drops the mark of UTF-16 by itself
  const plain = recode !== undefined ? Buffer.from(recode.decode(head, { stream: true })) : withoutBom(head);
  if (/^\s*<(!doctype\s+html|html[\s>])/i.test(plain.toString('latin1', 0, PEEK_BYTES))) throw htmlPage();
  return plain;
}

export function withoutBom(head: Buffer): Buffer {
  return head.subarray(0, 3).equals(UTF8_BOM) ? head.subarray(3) : head;
}

function wideDecoder(head: Buffer): TextDecoder | undefined {
  const encoding = wideEncoding(head);
  return encoding === undefined ? undefined : new TextDecoder(encoding);
}

function htmlPage(): TiplineError {
  return new TiplineError(
    'FEED_HTML_PAGE',
    'the server answered with a web page instead of a list: check the URL, the key, and whether a proxy or log-in page stands between',
    { retryable: true },
  );
}

/** The whole text, for formats that cannot be read piece by piece. Throws FEED_TOO_LARGE above `most` bytes. */
export async function wholeText(bytes: AsyncIterable<Buffer>, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > most) {
      throw new TiplineError(
        'FEED_TOO_LARGE',
        `the document has more than ${Math.floor(most / 1024 ** 2)} MB; one that must be read whole cannot be larger, NDJSON or CSV can`,
        { retryable: false },
      );
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
