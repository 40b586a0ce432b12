import type { IndicatorType } from '../../../core/indicator/type.ts';

/** What was made of a stretch of text that looks like an indicator. */
export type Finding =
  | {
      readonly kind: 'indicator';
      readonly type: IndicatorType;
      /** Without disguise. */
      readonly text: string;
      /** Somebody had disarmed it: it is no mere mention. */
      readonly disarmed: boolean;
      /** Where to look on. */
      readonly end: number;
    }
  /** It promised to be one and is none. */
  | { readonly kind: 'refused'; readonly reason: string; readonly end: number }
  /** It is something else. */
  | { readonly kind: 'other'; readonly end: number };

export function other(end: number): Finding {
  return { kind: 'other', end };
}

export function refused(reason: string, end: number): Finding {
  return { kind: 'refused', reason, end };
}

export function indicator(type: IndicatorType, text: string, disarmed: boolean, end: number): Finding {
  return { kind: 'indicator', type, text, disarmed, end };
}
