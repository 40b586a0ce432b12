import type { RowRefusal } from './refusal.ts';

/** What one poll, or one listener since its start, had to leave out. Counted on the hot path, told once at the end. */
export interface Tally {
  /**
   * A row that gives no record; `where` is a line or record number. Rows may come in any order: a format that sorts what it reads has one of
   * its own. `reason` is for people and may quote the feed, `as` is for counting.
   */
  skip(where: number, reason: string, as?: RowRefusal): void;
  /** Lines and records above the size cap. */
  tooLong(count: number): void;
  /** Anything else an operator should read once a poll. */
  note(text: string): void;
  /** What was counted, empty when nothing was; counting starts again. */
  take(): TallyReport;
}

export interface TallyReport {
  /** Rows of any kind of refusal but those of `tooLong`. */
  readonly skipped: number;
  /** The one that stands first, as `line 17: no indicator in column 2`. */
  readonly firstSkipped: string | undefined;
  readonly tooLong: number;
  /** Both of them by what was wrong. */
  readonly refused: Readonly<Record<RowRefusal, number>>;
  readonly notes: readonly string[];
}

const MOST_NOTES = 5;

export function createTally(): Tally {
  let refused = none();
  let tooLong = 0;
  let notes: string[] = [];
  let firstSkipped: string | undefined;
  let firstAt = Number.POSITIVE_INFINITY;
  return {
    skip(where, reason, as = 'unusable') {
      refused[as] += 1;
      if (where >= firstAt) return;
      firstAt = where;
      firstSkipped = `line ${where}: ${reason}`;
    },
    tooLong(count) {
      refused.too_large += count;
      tooLong += count;
    },
    note(text) {
      if (notes.length < MOST_NOTES) notes.push(text);
    },
    take() {
      const all = Object.values(refused).reduce((sum, count) => sum + count, 0);
      const taken = { skipped: all - tooLong, firstSkipped, tooLong, refused, notes };
      refused = none();
      tooLong = 0;
      notes = [];
      firstSkipped = undefined;
      firstAt = Number.POSITIVE_INFINITY;
      return taken;
    },
  };
}

function none(): Record<RowRefusal, number> {
  return { malformed: 0, no_indicator: 0, unusable: 0, too_large: 0 };
}
