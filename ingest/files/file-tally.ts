import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';

/** The tally of one file of a feed: what it says to the feed's own carries the file's name. */
export interface FileTally extends Tally {
  /** The first that was left out of this file, `4: reason`; undefined when nothing was. */
  readonly first: string | undefined;
}

export function fileTally(name: string, tally: Tally): FileTally {
  const shown = printable(name, 200);
  let first: string | undefined;
  return {
    ...tally,
    skip(where, reason, as) {
      first ??= `${where}: ${reason}`;
      tally.skip(where, `${reason} (${shown})`, as);
    },
    note: (text) => tally.note(`${shown}: ${text}`),
    get first() {
      return first;
    },
  };
}
