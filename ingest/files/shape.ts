import { withoutBom } from '../formats/text.ts';
import type { Shape } from './tracked.ts';

const LF = 0x0a;

/**
 * Tells by its first bytes how a file is to be read. `[` begins an array. `{` begins JSON lines when the first line is JSON by itself or
 * the next one begins with `{` too (then the first is a broken line); else it begins one object over many lines. Anything else is lines,
 * for the enricher to refuse one by one. Undefined while there is too little to tell.
 */
export function shapeOf(head: Buffer): Shape | undefined {
  const text = withoutBom(head);
  const start = text.findIndex((byte) => !isSpace(byte));
  if (start === -1) return undefined;
  const first = text[start];
  if (first === 0x5b) return 'document';
  if (first !== 0x7b) return 'lines';
  const end = text.indexOf(LF, start);
  if (isJsonObject(text.subarray(start, end === -1 ? text.length : end))) return 'lines';
  if (end === -1) return undefined;
  const next = text.subarray(end).find((byte) => !isSpace(byte));
  if (next === undefined) return undefined;
  return next === 0x7b ? 'lines' : 'document';
}

/** Windows writes UTF-16 where nobody asked for it, and line by line it is garbage. */
export function isUtf16(head: Buffer): boolean {
  return (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);
}

/** True for a complete object. No beginning of one is JSON by itself, while `12` may be the beginning of `123`. */
export function isJsonObject(line: Buffer): boolean {
  if (line.find((byte) => !isSpace(byte)) !== 0x7b) return false;
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === LF || byte === 0x0d || byte === 0x09;
}
