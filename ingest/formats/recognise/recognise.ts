import { encodingOf } from '../encoding.ts';
import { binaryKind } from './binary.ts';
import { recogniseJson } from './json.ts';
import { recogniseText } from './plain-text.ts';
import { empty, type Recognition, unknown } from './recognition.ts';
import { recogniseXml } from './xml.ts';

/** So much of a document's beginning is enough to tell what it is. */
export const HEAD_BYTES = 64 * 1024;

export interface RecogniseOptions {
  /** There is no more than this. */
  whole: boolean;
  /** Of the file. Its extension settles what the content leaves open, and nothing else. */
  name?: string;
}

/** Tells by the beginning of a document (not compressed) which format it is in. Never throws. */
export function recognise(head: Buffer, { whole, name = '' }: RecogniseOptions): Recognition {
  if (head.length === 0) return empty('it is empty');
  const encoding = encodingOf(head);
  const binary = encoding.startsWith('utf-16') ? undefined : binaryKind(head);
  if (binary !== undefined) return unknown(`it is ${binary}`);
  const text = new TextDecoder(encoding).decode(head);
  const start = text.trimStart();
  if (/^(?:\{|\[\s*(?:[[{"\]]|$))/.test(start)) {
    const json = recogniseJson(start);
    // `[file:hashes…]` and `{{wiki}}` begin like JSON, too
    if (json.format !== undefined || /^[[{]\s*["{\]}]/.test(start)) return json;
  }
  if (start.startsWith('<')) {
    const xml = recogniseXml(start, whole);
    if (xml !== undefined) return xml;
  }
  return recogniseText(text, whole, name);
}
