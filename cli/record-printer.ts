import type { RawIndicator } from '../core/contract/raw-indicator.ts';
import { typeFromAlias } from '../core/indicator/alias.ts';
import { type Canonical, canonicalise } from '../core/indicator/canonical.ts';
import { jsonLine } from './json-line.ts';
import { table } from './table.ts';

/** Prints records as they come, in bounded memory, however many there are. */
export interface Printer {
  /** Prints as many as the limit allows, and says how many that were. Resolves when standard output takes more. */
  print(records: readonly RawIndicator[]): Promise<number>;
  flush(): Promise<void>;
  /** The limit is reached, or nobody reads any more. */
  readonly full: boolean;
}

/** Rows that are lined up with each other: a file of any length is printed in bounded memory. */
const ROWS_TOGETHER = 500;
const HEAD = ['TYPE', 'INDICATOR', 'CONFIDENCE', 'SEVERITY', 'TLP', 'TIMESTAMP', 'TAGS', 'NOTE'];

export function createPrinter(json: boolean, limit: number): Printer {
  let left = limit;
  let rows: string[][] = [];
  let begun = false;

  async function flush(): Promise<void> {
    if (rows.length === 0) return;
    const text = table(HEAD, rows);
    rows = [];
    await write(`${begun ? text.slice(text.indexOf('\n') + 1) : text}\n`);
    begun = true;
  }

  return {
    async print(records) {
      const printed = records.slice(0, left);
      left -= printed.length;
      if (json) {
        if (printed.length > 0) await write(printed.map(jsonLine).join(''));
        return printed.length;
      }
      for (const record of printed) {
        rows.push(rowOf(record));
        if (rows.length === ROWS_TOGETHER) await flush();
      }
      return printed.length;
    },
    flush,
    get full() {
      return left === 0 || process.stdout.errored !== null;
    },
  };
}

function rowOf(record: RawIndicator): string[] {
  const canonical = canonicalOf(record);
  const notes = [
    ...(record.revoked === true ? ['revoked'] : []),
    ...(record.composite === true ? ['part of a pattern'] : []),
    ...(canonical.ok ? [] : ['would be refused']),
  ];
  return [
    canonical.ok ? canonical.indicator.type : String(record.type ?? '?'),
    String(record.indicator),
    String(record.confidence ?? ''),
    String(record.severity ?? ''),
    String(record.tlp ?? ''),
    String(record.timestamp ?? ''),
    Array.isArray(record.tags) ? record.tags.join(', ') : String(record.tags ?? ''),
    notes.join(', '),
  ];
}

/** Who reads may be slower than a file is parsed, and may go away. */
async function write(text: string): Promise<void> {
  const { stdout } = process;
  if (stdout.errored !== null || stdout.write(text)) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stdout.off('drain', go);
      stdout.off('error', go);
      stdout.off('close', go);
      resolve();
    };
    stdout.on('drain', go);
    stdout.on('error', go);
    stdout.on('close', go);
  });
}

/** What the enricher will make of a record. Records in the form of tipline itself are as unchecked as they came. */
export function canonicalOf(record: RawIndicator): Canonical {
  const type: unknown = record.type;
  return canonicalise(String(record.indicator), typeof type === 'string' ? typeFromAlias(type) : undefined);
}
