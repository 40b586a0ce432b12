import type { FormatName, FormatSettings } from '../known.ts';

/** What a document was recognised as, and by what; or why it was not. The reason completes "FILE: …". */
export type Recognition =
  | { readonly format: FormatName; readonly reason: string; readonly settings: FormatSettings }
  | {
      readonly format: undefined;
      readonly reason: string /** There is nothing that could be of any format. */;
      readonly empty?: true;
    };

export function known(format: FormatName, reason: string, settings: FormatSettings = {}): Recognition {
  return { format, reason, settings };
}

export function unknown(reason: string): Recognition {
  return { format: undefined, reason };
}

export function empty(reason: string): Recognition {
  return { format: undefined, reason, empty: true };
}
