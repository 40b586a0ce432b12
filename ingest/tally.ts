/** What one poll, or one listener since its start, had to leave out. Counted on the hot path, told once at the end. */
export interface Tally {
  /** A row that gives no record; `where` is a line or record number. Rows may come in any order: a format that sorts what it reads has one of its own. */
  skip(where: number, reason: string): void;
  /** Lines and records above the size cap. */
  tooLong(count: number): void;
  /** Anything else an operator should read once a poll. */
  note(text: string): void;
  /** What was counted, empty when nothing was; counting starts again. */
  take(): TallyReport;
}

export interface TallyReport {
  skipped: number;
  /** The one that stands first, as `line 17: no indicator in column 2`. */
  firstSkipped: string | undefined;
  tooLong: number;
  notes: readonly string[];
}

const MOST_NOTES = 5;

export function createTally(): Tally {
  let report: { skipped: number; firstSkipped: string | undefined; tooLong: number; notes: string[] } = none();
  let firstAt = Number.POSITIVE_INFINITY;
  return {
    skip(where, reason) {
      report.skipped += 1;
      if (where >= firstAt) return;
      firstAt = where;
      report.firstSkipped = `line ${where}: ${reason}`;
    },
    tooLong(count) {
      report.tooLong += count;
    },
    note(text) {
      if (report.notes.length < MOST_NOTES) report.notes.push(text);
    },
    take() {
      const taken = report;
      report = none();
      firstAt = Number.POSITIVE_INFINITY;
      return taken;
    },
  };
}

function none(): { skipped: number; firstSkipped: string | undefined; tooLong: number; notes: string[] } {
  return { skipped: 0, firstSkipped: undefined, tooLong: 0, notes: [] };
}
