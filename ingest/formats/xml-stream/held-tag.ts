import { DOUBLE_QUOTE, GREATER, SINGLE_QUOTE } from './signs.ts';

/**
 * A tag that comes in pieces. Nothing of it is understood before it is whole, so that a long one that is cut in single bytes costs no more than one
 * that is not.
 */
export interface HeldTag {
  /** Takes its next piece, from `from` on: the place behind its end, or -1 when that is still to come. */
  add(text: string, from: number): number;
  /** Characters so far. */
  readonly length: number;
  /** All of it; begins anew. */
  take(): string;
}

export function createHeldTag(): HeldTag {
  let parts: string[] = [];
  let length = 0;
  /** The quote that is open; 0 for none. */
  let quote = 0;

  /** A `>` within quotes ends nothing. */
  function endIn(text: string, from: number): number {
    for (let at = from; at < text.length; at += 1) {
      const sign = text.charCodeAt(at);
      if (quote !== 0) {
        if (sign === quote) quote = 0;
      } else if (sign === GREATER) return at + 1;
      else if (sign === DOUBLE_QUOTE || sign === SINGLE_QUOTE) quote = sign;
    }
    return -1;
  }

  return {
    add(text, from) {
      const end = endIn(text, from);
      const part = text.slice(from, end === -1 ? undefined : end);
      parts.push(part);
      length += part.length;
      return end;
    },
    get length() {
      return length;
    },
    take() {
      const whole = parts.join('');
      parts = [];
      length = 0;
      quote = 0;
      return whole;
    },
  };
}
