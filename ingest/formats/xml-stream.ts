import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import { type Decoder, decoderFor, HEAD_BYTES } from './xml-stream/encoding.ts';
import { createTokens } from './xml-stream/tokens.ts';

/** The start of an element. */
export interface XmlTag {
  /** Without prefix: formats that exist under several families of namespaces have the same local names in each. */
  readonly name: string;
  /** The local part of `xsi:type`, whose value is a name with a prefix of the author's choice: `FileObjectType`. */
  readonly type: string | undefined;
  /** As written, prefix and all, with entities replaced; those that declare a prefix may be missing. Inherits nothing. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Characters of all attributes. */
  readonly length: number;
  /** Line of the document, from 1. */
  readonly line: number;
}

/** Whoever reads a document. What a handler throws goes through to the caller of `write`; the stream is dead afterwards. */
export interface XmlHandler {
  open(tag: XmlTag): void;
  /** Text and CDATA alike. One text may come in several pieces, however the bytes were cut, and white space between elements comes too. */
  text(piece: string): void;
  /** The local name. Each element that was opened is closed, also `<a/>`. */
  close(name: string): void;
}

export interface XmlLimits {
  /** Elements within each other; 256. */
  maxDepth?: number;
  /** Characters of one tag with all its attributes, or of anything else that cannot be handed on in pieces; 1 Mi. Text and comments may be endless. */
  maxTag?: number;
}

export interface XmlStream {
  /** The next bytes, cut anywhere. UTF-8 unless a byte order mark or the XML declaration says otherwise; broken characters become U+FFFD. */
  write(bytes: Buffer): void;
  /** The next text, for a document that came as text inside another one. */
  writeText(text: string): void;
  /** Throws when the document is not complete. */
  end(): void;
}

const MAX_DEPTH = 256;
const MAX_TAG = 1024 ** 2;
/** So much is parsed at a time: what is remembered for an open text is bounded, and so is what a handler makes of one piece. */
const PIECE_LENGTH = 64 * 1024;

/**
 * Reads XML 1.0 of any length and from anybody.
 *
 * Every call may throw a TiplineError: `FEED_XML_BROKEN` (not well-formed, cut off, an undeclared prefix or entity), `FEED_XML_HOSTILE`
 * (a DTD, nested too deeply, an endless tag) or `FEED_XML_ENCODING`, with `line:column` in the message. Nothing is expanded but the five
 * entities of XML and character references, nothing is fetched, and memory does not depend on the length of the document.
 */
export function createXmlStream(handler: XmlHandler, limits: XmlLimits = {}): XmlStream {
  const maxDepth = limits.maxDepth ?? MAX_DEPTH;
  const maxTag = limits.maxTag ?? MAX_TAG;
  let decoder: Decoder | undefined;
  let head: Buffer | undefined = Buffer.alloc(0);
  let depth = 0;

  function fail(code: string, what: string): never {
    const { line, column } = tokens.place();
    throw new TiplineError(code, `${what}, at ${line}:${column}`, { retryable: code === 'FEED_XML_BROKEN' });
  }

  const tokens = createTokens(
    {
      open(name, type, attributes, length) {
        if (depth === maxDepth) fail('FEED_XML_HOSTILE', `the document nests more than ${maxDepth} elements`);
        depth += 1;
        handler.open({ name, type, attributes, length, line: tokens.line() });
      },
      text: (piece) => handler.text(piece),
      close(name) {
        depth -= 1;
        handler.close(name);
      },
      fail(kind, what) {
        switch (kind) {
          case 'broken':
            return fail('FEED_XML_BROKEN', `the document is not well-formed XML, or was cut off: ${what}`);
          case 'prefix':
            return fail('FEED_XML_BROKEN', `the prefix ${printable(what, 80)} is not declared`);
          case 'dtd':
            return fail(
              'FEED_XML_HOSTILE',
              'the document has a DTD, which no feed needs and an attacker could use; it was not read',
            );
          case 'endless':
            return fail('FEED_XML_HOSTILE', `${what} in the document is longer than ${maxTag} characters`);
          default:
            return kind satisfies never;
        }
      },
    },
    maxTag,
  );

  function writeText(text: string): void {
    if (text.length <= PIECE_LENGTH) tokens.write(text);
    else for (let at = 0; at < text.length; at += PIECE_LENGTH) tokens.write(text.slice(at, at + PIECE_LENGTH));
  }

  function writeBytes(bytes: Buffer): void {
    decoder ??= decoderFor(bytes);
    for (let at = 0; at < bytes.length; at += PIECE_LENGTH)
      tokens.write(decoder.write(bytes.subarray(at, at + PIECE_LENGTH)));
  }

  return {
    write(bytes) {
      if (head === undefined) return writeBytes(bytes);
      // the declaration that names the encoding may be cut too
      head = Buffer.concat([head, bytes]);
      if (head.length < HEAD_BYTES) return;
      const all = head;
      head = undefined;
      writeBytes(all);
    },
    writeText,
    end() {
      if (head !== undefined && head.length > 0) writeBytes(head);
      head = undefined;
      const rest = decoder?.end() ?? '';
      if (rest !== '') tokens.write(rest);
      tokens.end();
    },
  };
}

/**
 * Reads a whole document. After each piece of it `take` is asked for what has come of it until it has nothing more, so that memory depends
 * neither on the document nor on how the bytes were cut. When the document is broken, what came before is handed on before the error.
 */
export async function* readXml<T>(
  bytes: AsyncIterable<Buffer>,
  handler: XmlHandler,
  take: () => T[],
  limits: XmlLimits = {},
): AsyncGenerator<T[]> {
  const stream = createXmlStream(handler, limits);
  function* taken(step: () => void): Generator<T[]> {
    let failure: { error: unknown } | undefined;
    try {
      step();
    } catch (error) {
      failure = { error };
    }
    for (let batch = take(); batch.length > 0; batch = take()) yield batch;
    if (failure !== undefined) throw failure.error;
  }
  for await (const chunk of bytes) {
    for (let at = 0; at < chunk.length; at += PIECE_LENGTH) {
      yield* taken(() => stream.write(chunk.subarray(at, at + PIECE_LENGTH)));
    }
  }
  yield* taken(() => stream.end());
}
