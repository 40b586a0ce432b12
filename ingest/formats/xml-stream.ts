import { SaxesParser } from 'saxes';
import { TiplineError } from '../../core/process/errors.ts';
import { printable } from '../printable.ts';
import { type Decoder, decoderFor, HEAD_BYTES } from './xml-stream/encoding.ts';
import { createNames } from './xml-stream/names.ts';
import { openText } from './xml-stream/open-text.ts';

/** The start of an element. */
export interface XmlTag {
  /** Without prefix: formats that exist under several families of namespaces have the same local names in each. */
  readonly name: string;
  /** The local part of `xsi:type`, whose value is a name with a prefix of the author's choice: `FileObjectType`. */
  readonly type: string | undefined;
  /** As written, prefix and all, with entities replaced; has no prototype. */
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
 * A thin layer over saxes for documents of any length and from anybody.
 *
 * Every call may throw a TiplineError: `FEED_XML_BROKEN` (not well-formed, cut off, an undeclared prefix or entity), `FEED_XML_HOSTILE`
 * (a DTD, nested too deeply, an endless tag) or `FEED_XML_ENCODING`, with `line:column` in the message. Nothing is expanded but the five
 * entities of XML and character references, nothing is fetched, and memory does not depend on the length of the document.
 */
export function createXmlStream(handler: XmlHandler, limits: XmlLimits = {}): XmlStream {
  const maxDepth = limits.maxDepth ?? MAX_DEPTH;
  const maxTag = limits.maxTag ?? MAX_TAG;
  const parser = new SaxesParser({ xmlns: false });
  const open = openText(parser);
  const names = createNames();
  /** Local names of the elements that are open. */
  const path: string[] = [];
  let decoder: Decoder | undefined;
  let head: Buffer | undefined = Buffer.alloc(0);
  /** Whether anything came of the piece at hand, and how much is being held back since something last did. */
  let heard = false;
  let held = 0;
  /** Of the attributes of the tag at hand. */
  let length = 0;

  function fail(code: string, what: string): never {
    throw new TiplineError(code, `${what}, at ${parser.line}:${parser.columnIndex}`, {
      retryable: code === 'FEED_XML_BROKEN',
    });
  }

  // An eighth listener would make V8 keep the parser as a dictionary, at a fifth of the speed: comments have none.
  parser.on('error', (error) => {
    const what = error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '');
    fail('FEED_XML_BROKEN', `the document is not well-formed XML, or was cut off: ${printable(what, 120)}`);
  });
  parser.on('doctype', () =>
    fail('FEED_XML_HOSTILE', 'the document has a DTD, which no feed needs and an attacker could use; it was not read'),
  );
  parser.on('attribute', ({ name, value }) => {
    length += name.length + value.length;
    const colon = name.indexOf(':');
    if (colon !== -1) names.prefixed(name, colon, value);
  });
  parser.on('opentag', (tag) => {
    heard = true;
    if (path.length === maxDepth) fail('FEED_XML_HOSTILE', `the document nests more than ${maxDepth} elements`);
    const name = names.enter(tag.name);
    const type = names.type();
    const stranger = names.stranger();
    if (stranger !== undefined) fail('FEED_XML_BROKEN', `the prefix ${printable(stranger, 80)} is not declared`);
    path.push(name);
    handler.open({ name, type, attributes: tag.attributes, length, line: parser.line });
    length = 0;
  });
  parser.on('closetag', () => {
    heard = true;
    names.leave();
    const name = path.pop();
    if (name !== undefined) handler.close(name);
  });
  const text = (piece: string): void => {
    heard = true;
    if (path.length > 0) handler.text(piece);
  };
  parser.on('text', text);
  parser.on('cdata', text);

  function parse(piece: string): void {
    heard = false;
    parser.write(piece);
    const rest = open.take();
    if (rest.text !== '') text(rest.text);
    held = heard || rest.heard ? 0 : held + piece.length;
    if (held > maxTag) fail('FEED_XML_HOSTILE', `a tag of the document is longer than ${maxTag} characters`);
  }

  function writeText(text: string): void {
    if (text.length <= PIECE_LENGTH) parse(text);
    else for (let at = 0; at < text.length; at += PIECE_LENGTH) parse(text.slice(at, at + PIECE_LENGTH));
  }

  function writeBytes(bytes: Buffer): void {
    decoder ??= decoderFor(bytes);
    for (let at = 0; at < bytes.length; at += PIECE_LENGTH) parse(decoder.write(bytes.subarray(at, at + PIECE_LENGTH)));
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
      if (rest !== '') parse(rest);
      parser.close();
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
