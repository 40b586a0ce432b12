import { canonicalise } from '../../../core/indicator/canonical.ts';
import { refang } from '../../../core/indicator/refang.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import { canonicalUrl, urlHost } from '../../../core/indicator/url.ts';
import { isPackage } from '../free-text/endings.ts';
import { isReport } from '../reports.ts';
import { indicatorsIn, typeOfCell } from './cell.ts';
import { dateIn, orderOf } from './dates.ts';
import { type HeaderRole, isOwnType, isTypeWord, roleOf } from './words.ts';

/** What a column holds, by a sample of its rows. */
export interface Column {
  readonly index: number;
  readonly name: string;
  readonly role: HeaderRole | undefined;
  /** Of all cells of the sample those that are not empty. */
  readonly filled: number;
  /** Shares of those: cells that are an indicator each; that hold one at least; words for types; and for types of ours; days; text of several words. */
  readonly whole: number;
  readonly holding: number;
  readonly typeWords: number;
  readonly ownTypes: number;
  readonly dates: number;
  readonly prose: number;
  /** The type that most of its indicators have. */
  readonly mostly: IndicatorType | undefined;
  /** Few values again and again. */
  readonly repeats: boolean;
  /** URLs of the same few servers, or of those that reports stand on. */
  readonly reports: boolean;
}

/** So many cells tell something of their servers. */
const ENOUGH_URLS = 5;

export function columnOf(rows: readonly (readonly string[])[], index: number, name: string): Column {
  const cells = rows.flatMap((row) => {
    const cell = row[index]?.trim() ?? '';
    return cell === '' || cell === '-' ? [] : [cell];
  });
  const role = roleOf(name);
  const named = role?.kind === 'indicator' ? role.type : undefined;
  const types = cells.map(role === undefined ? typeByLooks : typeOfCell);
  const count = (holds: (cell: string, at: number) => boolean): number =>
    cells.length === 0 ? 0 : cells.filter(holds).length / cells.length;
  const counts = new Map<IndicatorType, number>();
  for (const type of types) if (type !== undefined) counts.set(type, (counts.get(type) ?? 0) + 1);
  const distinct = new Set(cells).size;
  return {
    index,
    name: name.trim(),
    role,
    filled: cells.length,
    whole: count((_, at) => types[at] !== undefined),
    holding: count((cell, at) => types[at] !== undefined || holds(cell, named)),
    typeWords: count((cell) => isTypeWord(cell)),
    ownTypes: count((cell) => isOwnType(cell)),
    dates: count((cell) => dateIn(cell, orderOf(cell) ?? 'dmy') !== undefined),
    prose: count((cell) => /\S\s+\S/.test(cell)),
    mostly: [...counts].sort((a, b) => b[1] - a[1])[0]?.[0],
    repeats: cells.length >= ENOUGH_URLS && distinct <= cells.length / 2,
    reports: isOfReports(cells),
  };
}

/** Where nothing names the column: packages of programs are called like hosts turned round. */
function typeByLooks(cell: string): IndicatorType | undefined {
  const type = typeOfCell(cell);
  const undisguised = type === 'domain' && refang(cell) === cell;
  return undisguised && isPackage(cell.split('.')) ? undefined : type;
}

function holds(cell: string, named: IndicatorType | undefined): boolean {
  return named === undefined ? indicatorsIn(cell, undefined).length > 0 : canonicalise(cell, named).ok;
}

function isOfReports(cells: readonly string[]): boolean {
  const urls = cells.flatMap((cell) => (/^https?:\/\//i.test(cell) ? (canonicalUrl(cell) ?? []) : []));
  if (urls.length < cells.length * 0.8 || urls.length === 0) return false;
  if (urls.every(isReport)) return true;
  return urls.length >= ENOUGH_URLS && new Set(urls.map(urlHost)).size <= urls.length / 10;
}
