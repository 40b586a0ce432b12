import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { PAGE_RECORDS } from '../pages.ts';
import type { Tally } from '../tally.ts';
import { type FreeTextOptions, textRecords } from './free-text/text.ts';
import { createLineSplitter, MOST_LINE_BYTES } from './lines.ts';
import { layoutOfRows } from './table/layout.ts';
import { openTable, type TableOptions, type TableRows } from './table/row.ts';

/** The line below the header row of a table, `| --- | :-: |`; without it bars are bars. */
export const MARKDOWN_RULE = /^\s{0,3}\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)+\|?\s*$|^\s{0,3}\|\s*:?-+:?\s*\|\s*$/;
/** Rows by which the columns of a table are told. */
const SAMPLE = 200;

/**
 * Markdown: the tables in it row by row, as tables are, and whatever else there is as free text, tables without a column of indicators too. What
 * stands in several places is given as often.
 */
export async function* markdownRecords(
  bytes: AsyncIterable<Buffer>,
  options: FreeTextOptions & TableOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  const rows = createHold();
  const text = textRecords(withoutTables(bytes, options, tally, rows), options, tally);
  let next = text.next();
  try {
    for (;;) {
      await Promise.race([next, rows.full()]);
      for (const batch of rows.take()) yield batch;
      if (rows.waits()) {
        rows.goOn();
        continue;
      }
      const { done, value } = await next;
      for (const batch of rows.take()) yield batch;
      if (done === true) return;
      yield value;
      next = text.next();
    }
  } finally {
    rows.stop();
    await text.return(undefined);
  }
}

/**
 * Records of tables on their way past the reader of text, which would hold them until it finds something itself: whoever adds a page of them waits
 * until they are taken.
 */
interface Hold {
  add(record: RawIndicator): void;
  /** Resolves when there is room; false when nobody wants more. */
  room(): Promise<boolean>;
  /** Resolves when somebody waits for room. */
  full(): Promise<void>;
  waits(): boolean;
  take(): Generator<RawIndicator[]>;
  goOn(): void;
  stop(): void;
}

function createHold(): Hold {
  let held: RawIndicator[] = [];
  let stopped = false;
  let waiting: (() => void) | undefined;
  let told = Promise.withResolvers<void>();
  function goOn(): void {
    told = Promise.withResolvers();
    const go = waiting;
    waiting = undefined;
    go?.();
  }
  return {
    add: (record) => held.push(record),
    async room() {
      if (held.length >= PAGE_RECORDS && !stopped) {
        await new Promise<void>((resolve) => {
          waiting = resolve;
          told.resolve();
        });
      }
      return !stopped;
    },
    full: () => told.promise,
    waits: () => waiting !== undefined,
    *take() {
      const records = held;
      held = [];
      for (let at = 0; at < records.length; at += PAGE_RECORDS) yield records.slice(at, at + PAGE_RECORDS);
    },
    goOn,
    stop() {
      stopped = true;
      goOn();
    },
  };
}

interface Row {
  cells: readonly string[];
  line: number;
  text: string;
}

/** Hands on what is no table; what is one is read. Line ends stay, so that lines are told by their numbers. */
async function* withoutTables(
  bytes: AsyncIterable<Buffer>,
  options: TableOptions,
  tally: Tally,
  rows: Hold,
): AsyncGenerator<Buffer> {
  const lines = createLineSplitter({ maxLine: MOST_LINE_BYTES });
  let out = '';
  /** The line before, which is a header row if a rule follows. */
  let before: Row | undefined;
  /** A table whose first rows are being gathered, then one that is read. */
  let sample: Row[] | undefined;
  let table: TableRows | undefined;

  function line(text: string, number: number): void {
    const isRow = text.includes('|');
    if ((sample !== undefined || table !== undefined) && isRow) {
      const row = { cells: cellsOf(text), line: number, text };
      if (table !== undefined) for (const record of table.read(row.cells, number)) rows.add(record);
      else if (sample !== undefined && sample.push(row) >= SAMPLE) begin();
      out += '\n';
      return;
    }
    endTable();
    if (before !== undefined && MARKDOWN_RULE.test(text)) {
      sample = [before];
      before = undefined;
      out += '\n';
      return;
    }
    flushBefore();
    if (isRow) before = { cells: cellsOf(text), line: number, text };
    else out += `${text}\n`;
  }

  function flushBefore(): void {
    if (before !== undefined) out += `${before.text}\n`;
    before = undefined;
  }

  /** Judges the rows so far; without a column of indicators they are text like any other. */
  function begin(): void {
    const first = sample ?? [];
    sample = undefined;
    const layout = layoutOfRows(first, { delimiter: '|', comments: [] });
    if (layout === undefined) {
      out += first.map(({ text }) => `${text}\n`).join('');
      return;
    }
    table = openTable(layout, options, tally);
    for (const { cells, line } of first) {
      if (line > layout.headerLine) for (const record of table.read(cells, line)) rows.add(record);
    }
  }

  function endTable(): void {
    if (sample !== undefined) begin();
    table?.finish();
    table = undefined;
  }

  for await (const chunk of bytes) {
    lines.push(chunk, (bytes, number) => line(bytes.toString('utf8'), number));
    if (!(await rows.room())) return;
    if (out === '') continue;
    yield Buffer.from(out);
    out = '';
  }
  const last = lines.rest().toString('utf8');
  if (last !== '') line(last, lines.count + 1);
  endTable();
  flushBefore();
  tally.tooLong(lines.tooLong);
  if (out !== '') yield Buffer.from(out);
}

/** The cells of `| a | b |`, without what makes them bold, code or a link with its address as its text. */
function cellsOf(line: string): string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '');
  return inner.split(/(?<!\\)\|/).map((cell) =>
    cell
      .replaceAll('\\|', '|')
      .replace(/\[([^\][]{1,500})\]\([^()\s]{1,1000}\)/g, '$1')
      .replace(/[`*]{1,3}/g, '')
      .trim(),
  );
}
