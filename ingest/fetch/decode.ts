import { pipeline, Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib';
import { FetchError } from './fetch-error.ts';

/** More than this for one byte received is no list but an attack. */
const MOST_RATIO = 100;
/** Below it the ratio says nothing: a short list of one repeated line expands well. */
const RATIO_FROM_BYTES = 1024 ** 2;

export interface DecodeOptions {
  /** For messages. */
  where: string;
  /** The Content-Encoding header, or empty. */
  encoding: string;
  /** Cap on what comes out, in bytes, and on what goes in. */
  maxBytes: number;
}

/**
 * The bytes of a list as they were before compression: by Content-Encoding, and by itself when the file is a gzip file. A stream that
 * is cut off ends with an error and never as a shorter list; so does one above the size cap or the ratio cap.
 */
export async function* decode(body: AsyncIterable<Buffer>, options: DecodeOptions): AsyncGenerator<Buffer> {
  const { where, maxBytes } = options;
  let received = 0;
  let given = 0;

  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of body) {
      received += chunk.length;
      if (received > maxBytes) throw tooLarge(where, maxBytes);
      yield chunk;
    }
  }

  for await (const chunk of gunzipped(decoded(counted(), options.encoding, where))) {
    given += chunk.length;
    if (given > maxBytes) throw tooLarge(where, maxBytes);
    if (given > RATIO_FROM_BYTES && given > received * MOST_RATIO) {
      throw new FetchError(
        'FEED_EXPANDS',
        `${where}: the answer expands to more than ${MOST_RATIO} times its size, which no list does; it is not read further`,
        { retryable: true },
      );
    }
    yield chunk;
  }
}

function decoded(bytes: AsyncIterable<Buffer>, encoding: string, where: string): AsyncIterable<Buffer> {
  switch (encoding.trim().toLowerCase()) {
    case '':
    case 'identity':
      return bytes;
    case 'gzip':
    case 'x-gzip':
      return through(bytes, createGunzip());
    case 'deflate':
      return inflated(bytes);
    case 'br':
      return through(bytes, createBrotliDecompress());
    case 'zstd':
      return through(bytes, createZstdDecompress());
    default:
      throw new FetchError('FEED_ENCODING', `${where} answers in an encoding that was not asked for`, {
        retryable: true,
      });
  }
}

/** `deflate` means the zlib format (RFC 9110, section 8.4.1.2), but some servers send it without its two bytes of header. */
async function* inflated(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const [first, whole] = await peeked(bytes);
  yield* through(whole, (first & 0x0f) === 8 ? createInflate() : createInflateRaw());
}

/** Lists are also offered as gzip files, with any content type. No text begins with 1f 8b. */
async function* gunzipped(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const [first, whole, second] = await peeked(bytes);
  yield* first === 0x1f && second === 0x8b ? through(whole, createGunzip()) : whole;
}

/** The first two bytes (-1 where there are none), and all of the bytes. */
async function peeked(
  bytes: AsyncIterable<Buffer>,
): Promise<[first: number, whole: AsyncIterable<Buffer>, second: number]> {
  const source = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  let ended = false;
  while (head.length < 2 && !ended) {
    const next = await source.next();
    if (next.done === true) ended = true;
    else head = Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    try {
      if (head.length > 0) yield head;
      for (;;) {
        const next = await source.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await source.return?.();
    }
  }
  return [head[0] ?? -1, whole(), head[1] ?? -1];
}

async function* through(
  bytes: AsyncIterable<Buffer>,
  decoder: NodeJS.ReadWriteStream & Readable,
): AsyncGenerator<Buffer> {
  // pipeline destroys both ends whichever fails or is left first; its error arrives through the loop below
  pipeline(Readable.from(bytes, { objectMode: false }), decoder, () => {});
  for await (const chunk of decoder) yield chunk as Buffer;
}

function tooLarge(where: string, maxBytes: number): FetchError {
  return new FetchError(
    'FEED_TOO_LARGE',
    `${where}: the list has more than ${sizeOf(maxBytes)}; "max_size" of the feed raises the limit`,
    { retryable: false },
  );
}

function sizeOf(bytes: number): string {
  return bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KB` : `${Math.floor(bytes / 1024 ** 2)} MB`;
}
