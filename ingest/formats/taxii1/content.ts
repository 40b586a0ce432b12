import { codeOf, messageOf } from '../../../core/process/errors.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { Stix1Reader } from '../stix1/reader.ts';
import { createXmlStream, type XmlHandler, type XmlStream, type XmlTag } from '../xml-stream.ts';

/** What stands inside `Content` of one content block after the other. */
export interface Content extends XmlHandler {
  /** The block is at its end. `binding` says what it was meant to be. */
  endBlock(binding: string, line: number): void;
  /** The message broke off. */
  breakOff(): void;
}

/** A package, or observables alone. */
const ROOTS: ReadonlySet<string> = new Set(['STIX_Package', 'Observables']);

/**
 * Hands STIX 1 on to its reader, whether it stands in a block as elements, as text with entities, or as CDATA: servers do all three, whatever
 * the binding says. So the document tells what it is; a block with anything else is counted under its binding. A document that is broken
 * inside its text costs itself alone.
 */
export function createContent(stix: Stix1Reader, tally: Tally): Content {
  /** Elements that are open inside Content, and whether they go to the reader. */
  let depth = 0;
  let taking = false;
  let taken = 0;
  let inner: XmlStream | undefined;
  let fault: string | undefined;

  const guarded: XmlHandler = {
    open(tag: XmlTag) {
      if (depth === 0) taking = ROOTS.has(tag.name);
      if (depth === 0 && taking) taken += 1;
      depth += 1;
      if (taking) stix.open(tag);
    },
    text(piece) {
      if (taking && depth > 0) stix.text(piece);
    },
    close(name) {
      depth -= 1;
      if (taking) stix.close(name);
    },
  };

  /** One step of the document inside the text. */
  function step(work: (stream: XmlStream) => void): void {
    inner ??= createXmlStream(guarded);
    try {
      work(inner);
    } catch (error) {
      if (!codeOf(error).startsWith('FEED_XML_')) throw error;
      fault = messageOf(error);
      // what is open in there will never be closed
      depth = 0;
      taking = false;
      stix.breakOff();
    }
  }

  return {
    open: guarded.open,
    text(piece) {
      if (inner === undefined && depth > 0) return guarded.text(piece);
      if (fault !== undefined) return;
      const text = inner === undefined ? piece.trimStart() : piece;
      if (text === '') return;
      if (inner === undefined && !text.startsWith('<')) fault = 'it is no XML';
      else step((stream) => stream.writeText(text));
    },
    close: guarded.close,
    endBlock(binding, line) {
      if (inner !== undefined && fault === undefined) step((stream) => stream.end());
      const called = binding === '' ? 'without a binding' : `of ${printable(binding, 120)}`;
      if (fault !== undefined)
        tally.skip(line, `a content block ${called} that cannot be read: ${printable(fault, 200)}`);
      else if (taken === 0) tally.skip(line, `a content block ${called} without STIX 1`);
      depth = 0;
      taking = false;
      taken = 0;
      inner = undefined;
      fault = undefined;
    },
    breakOff() {
      inner = undefined;
      depth = 0;
      taking = false;
      stix.breakOff();
    },
  };
}
