import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { parseTlp } from '../../core/contract/tlp.ts';

/** The fields of a RawIndicator that a list can give. */
const TEXT_FIELDS = [
  'type',
  'ref',
  'timestamp',
  'first_seen',
  'last_seen',
  'valid_from',
  'valid_until',
  'description',
  'reference',
  'event_id',
] as const;
const LIST_FIELDS = ['tags', 'categories', 'malware'] as const;
const NUMBER_FIELDS = ['confidence', 'severity'] as const;
const COUNT_FIELDS = ['port', 'sightings'] as const;
export const LIST_COLUMNS = [
  'indicator',
  'tlp',
  ...TEXT_FIELDS,
  ...LIST_FIELDS,
  ...NUMBER_FIELDS,
  ...COUNT_FIELDS,
] as const;
export type ListColumn = (typeof LIST_COLUMNS)[number];

/** Where each field stands in a row of kind R: a cell of a table, a place in a JSON document. */
export type Cells<R> = Partial<Record<ListColumn, (row: R) => unknown>>;

/** `[from, confidence]`: a value of at least `from` means that confidence. Ascending. */
export type ConfidenceSteps = readonly (readonly [number, number])[];

/** Makes a record of a row; undefined when the row names no indicator. */
export type ReadRow<R> = (row: R) => RawIndicator | undefined;

/**
 * Built once a poll, so that a row costs no look at the configuration. Texts pass as they are, apart from words for nothing; the
 * enricher judges them. Numbers that are none are left out rather than costing the record.
 */
export function rowReader<R>(cells: Cells<R>, steps: ConfidenceSteps | undefined): ReadRow<R> {
  const indicatorOf = cells.indicator ?? (() => undefined);
  const texts = TEXT_FIELDS.flatMap((field) => placed(cells, field));
  const lists = LIST_FIELDS.flatMap((field) => placed(cells, field));
  const counts = COUNT_FIELDS.flatMap((field) => placed(cells, field));
  const confidenceOf = cells.confidence;
  const severityOf = cells.severity;

  return (row) => {
    const indicator = textOf(indicatorOf(row));
    if (indicator === undefined) return undefined;
    const record: RawIndicator = { indicator };
    for (const [field, cell] of texts) {
      const text = textOf(cell(row));
      if (text !== undefined) record[field] = text;
    }
    for (const [field, cell] of lists) {
      const words = wordsOf(cell(row), field === 'tags');
      if (words.length > 0) record[field] = words;
    }
    const tlp = parseTlp(textOf(cells.tlp?.(row)) ?? '');
    if (tlp !== undefined) record.tlp = tlp;
    if (confidenceOf !== undefined) {
      const confidence = confidenceOfValue(numberOf(confidenceOf(row)), steps);
      if (confidence !== undefined) record.confidence = confidence;
    }
    if (severityOf !== undefined) {
      const severity = within100(numberOf(severityOf(row)));
      if (severity !== undefined) record.severity = severity;
    }
    for (const [field, cell] of counts) {
      const count = numberOf(cell(row));
      if (count !== undefined && Number.isInteger(count) && count > 0) record[field] = count;
    }
    return record;
  };
}

function placed<R, F extends ListColumn>(cells: Cells<R>, field: F): [F, (row: R) => unknown][] {
  const cell = cells[field];
  return cell === undefined ? [] : [[field, cell]];
}

/** What lists write where they have nothing to say. */
const NOTHING = new Set(['', '-', 'none', 'null', 'n/a', 'na', 'unknown']);

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text.length <= 7 && NOTHING.has(text.toLowerCase()) ? undefined : text;
}

function wordsOf(value: unknown, split: boolean): string[] {
  if (Array.isArray(value)) return value.flatMap((each) => textOf(each) ?? []);
  const text = textOf(value);
  if (text === undefined) return [];
  return split ? text.split(',').flatMap((each) => textOf(each) ?? []) : [text];
}

function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  const text = textOf(value);
  if (text === undefined) return undefined;
  const number = Number(text.replace(/%$/, ''));
  return Number.isFinite(number) ? number : undefined;
}

function within100(value: number | undefined): number | undefined {
  return value !== undefined && value >= 0 && value <= 100 ? value : undefined;
}

function confidenceOfValue(value: number | undefined, steps: ConfidenceSteps | undefined): number | undefined {
  if (steps === undefined || value === undefined) return within100(value);
  let confidence: number | undefined;
  for (const [from, means] of steps) if (value >= from) confidence = means;
  return confidence;
}
