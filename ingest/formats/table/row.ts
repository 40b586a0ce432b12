import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { isVagueAlias, typeFromAlias } from '../../../core/indicator/alias.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { ToIds } from '../misp/options.ts';
import { findIndicators } from '../misp/types.ts';
import { type Cells, type ConfidenceSteps, type ListColumn, rowReader } from '../record.ts';
import { indicatorsIn, typeOfCell } from './cell.ts';
import { dateIn } from './dates.ts';
import type { IndicatorColumn, Layout } from './layout.ts';
import { speaksOfIndicators } from './words.ts';

export interface TableOptions {
  confidenceSteps?: ConfidenceSteps | undefined;
  /** What to do with rows that a column `to_ids` says are not for detection. */
  toIds?: ToIds | undefined;
}

/** Reads the rows of one table. */
export interface TableRows {
  /** The records of a row: one for each indicator in it. */
  read(cells: readonly string[], number: number): RawIndicator[];
  /** Tells what was not read, by column and by type, with counts. */
  finish(): void;
}

/** At most so confident is a statement that is not for detection, as in MISP. */
const NOT_FOR_DETECTION = 20;
const MOST_TOLD = 12;
const DATES: ReadonlySet<ListColumn> = new Set(['first_seen', 'last_seen', 'valid_from', 'valid_until', 'timestamp']);
/** Types that are told apart and kept; a feed may write any word. */
const MOST_TYPES = 200;

interface Found {
  indicator: string;
  type?: string;
  composite?: true;
  context?: Record<string, unknown>;
}

export function openTable(layout: Layout, { confidenceSteps, toIds = 'only' }: TableOptions, tally: Tally): TableRows {
  // what the row says beside its indicators is read once for all of them
  const besides = rowReader<readonly string[]>({ ...fieldCells(layout), indicator: () => 'x' }, confidenceSteps);
  const unread = unreadColumns(layout);
  const passed = new Map<string, number>();
  /** The last column takes what an unquoted cell with delimiters in it spilled over the end. */
  const openEnd = layout.indicators.some(({ index }) => index === layout.width - 1);

  function read(row: readonly string[], number: number): RawIndicator[] {
    const cells = openEnd && row.length > layout.width ? joined(row, layout) : row;
    unread.count(cells);
    const notForDetection = layout.toIds !== undefined && isNo(cells[layout.toIds]);
    if (notForDetection && toIds === 'only') {
      pass('not for detection (to_ids)');
      tally.skip(number, 'a row that is not for detection (to_ids)');
      return [];
    }
    const found = layout.indicators.flatMap((column) => inColumn(cells, column));
    if (found.length === 0) {
      if (!isHeaderAgain(cells)) tellNothing(cells, number);
      return [];
    }
    const said = besides(cells);
    return found.map((each) => {
      const record: RawIndicator = { ...said, ...each };
      if (notForDetection && toIds === 'prefer') {
        record.confidence = Math.min(record.confidence ?? NOT_FOR_DETECTION, NOT_FOR_DETECTION);
      }
      return record;
    });
  }

  function inColumn(cells: readonly string[], { index, named, typedBy, composite }: IndicatorColumn): readonly Found[] {
    const cell = cells[index]?.trim() ?? '';
    if (cell === '') return [];
    const word = typedBy === undefined ? '' : (cells[typedBy]?.trim() ?? '');
    const found = word === '' || isVagueAlias(word) ? indicatorsIn(cell, named) : ofType(cell, word);
    return composite ? found.map((each) => ({ ...each, composite: true })) : found;
  }

  function ofType(cell: string, word: string): readonly Found[] {
    const compound = word.includes('|') || word === 'malware-sample' ? findIndicators(word, cell) : undefined;
    if (compound !== undefined) return compound;
    const type = typeFromAlias(word);
    if (type !== undefined) return indicatorsIn(cell, type);
    const whole = speaksOfIndicators(word) ? typeOfCell(cell) : undefined;
    if (whole !== undefined) return [{ indicator: cell, type: whole }];
    pass(word);
    return [];
  }

  function pass(word: string): void {
    const key = printable(word.toLowerCase(), 40);
    if (passed.has(key) || passed.size < MOST_TYPES) passed.set(key, (passed.get(key) ?? 0) + 1);
  }

  function isHeaderAgain(cells: readonly string[]): boolean {
    return cells.length === layout.names.length && cells.every((cell, at) => cell === layout.names[at]);
  }

  function tellNothing(cells: readonly string[], number: number): void {
    const typed = layout.indicators.find(({ typedBy }) => typedBy !== undefined);
    const word = typed?.typedBy === undefined ? '' : (cells[typed.typedBy]?.trim() ?? '');
    if (word !== '' && typeFromAlias(word) === undefined && !isVagueAlias(word)) {
      tally.skip(number, `${printable(word, 40)} is no type of indicator that tipline knows`);
      return;
    }
    const value = layout.indicators.map(({ index }) => cells[index]?.trim() ?? '').find((cell) => cell !== '');
    tally.skip(
      number,
      value === undefined ? 'no indicator in the row' : `"${printable(value, 60)}" is no indicator`,
      'no_indicator',
    );
  }

  return {
    read,
    finish() {
      const columns = unread.told();
      if (columns !== '') tally.note(`columns of the table that were not read, with their cells: ${columns}`);
      const words = [...passed].sort((a, b) => b[1] - a[1]);
      if (words.length > 0) tally.note(`rows of the table that were not read, by type: ${told(words)}`);
    },
  };
}

function fieldCells({ fields, dayOrder }: Layout): Cells<readonly string[]> {
  const cells: Cells<readonly string[]> = {};
  for (const [field, index] of Object.entries(fields) as [ListColumn, number][]) {
    cells[field] = DATES.has(field) ? (row) => dateIn(row[index] ?? '', dayOrder) : (row) => row[index];
  }
  return cells;
}

/** Cells that nothing was made of, by column. */
function unreadColumns(layout: Layout): { count(cells: readonly string[]): void; told(): string } {
  const used = new Set([
    ...layout.indicators.flatMap(({ index, typedBy }) => (typedBy === undefined ? [index] : [index, typedBy])),
    ...Object.values(layout.fields),
    layout.toIds,
  ]);
  const columns = Array.from({ length: layout.width }, (_, index) => index).filter((index) => !used.has(index));
  const counts = new Array<number>(layout.width).fill(0);
  return {
    count(cells) {
      for (const index of columns) if ((cells[index] ?? '').trim() !== '') counts[index] = (counts[index] ?? 0) + 1;
    },
    told() {
      return told(
        columns.flatMap((index): [string, number][] => {
          const name = layout.names[index]?.trim() ?? '';
          const count = counts[index] ?? 0;
          return count === 0 ? [] : [[name === '' ? `column ${index + 1}` : `"${printable(name, 40)}"`, count]];
        }),
      );
    },
  };
}

function told(counts: readonly (readonly [string, number])[]): string {
  const first = counts.slice(0, MOST_TOLD).map(([word, count]) => `${word} ${count.toLocaleString('en')}`);
  return counts.length > MOST_TOLD ? `${first.join(', ')} and ${counts.length - MOST_TOLD} more` : first.join(', ');
}

function joined(row: readonly string[], { width, delimiter }: Layout): string[] {
  return [...row.slice(0, width - 1), row.slice(width - 1).join(delimiter)];
}

function isNo(cell: string | undefined): boolean {
  return /^(?:0|false|no)$/i.test(cell?.trim() ?? '');
}
