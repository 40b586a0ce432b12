import { canonicalise } from '../../../core/indicator/canonical.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import { findIn } from '../free-text/find.ts';
import { rearm } from '../free-text/rearm.ts';

export interface CellIndicator {
  readonly indicator: string;
  readonly type: IndicatorType;
}

/** Types that tables mix up: a digest under the name of another, a URL where a domain was promised. */
const FAMILIES: readonly ReadonlySet<IndicatorType>[] = [
  new Set(['md5', 'sha1', 'sha256', 'sha512']),
  new Set(['ip', 'cidr', 'domain', 'url']),
];
const BETWEEN = /[\s,;|]+|<br\s*\/?>/i;
/** Of one cell. */
const MOST_PARTS = 1000;

/** The type of a whole cell by its looks. */
export function typeOfCell(cell: string): IndicatorType | undefined {
  return inferType(refang(cell.trim()));
}

/**
 * The indicators in a cell. `named` is what the row's type or the column's name promises: then only what is of that type, or of one that
 * tables take for it, is taken. Without it a cell may be one indicator, several, or prose that names some.
 */
export function indicatorsIn(cell: string, named: IndicatorType | undefined): readonly CellIndicator[] {
  const text = cell.trim();
  if (text === '') return [];
  if (named !== undefined) {
    const canonical = canonicalise(text, named);
    if (canonical.ok) return [{ indicator: text, type: canonical.indicator.type }];
  }
  const family = FAMILIES.find((types) => named !== undefined && types.has(named));
  const fits = (type: IndicatorType): boolean => named === undefined || type === named || family?.has(type) === true;
  const whole = typeOfCell(text);
  if (whole !== undefined) return fits(whole) ? [{ indicator: text, type: whole }] : [];
  const parts = text.split(BETWEEN, MOST_PARTS).flatMap((part) => (part === '' ? [] : [part]));
  if (parts.length > 1) {
    const found = parts.flatMap((part) => typed(part, fits));
    if (found.length === parts.length || (named !== undefined && found.length > 0)) return found;
  }
  return named === undefined ? inProse(text) : [];
}

function typed(part: string, fits: (type: IndicatorType) => boolean): CellIndicator[] {
  const type = typeOfCell(part);
  return type !== undefined && fits(type) ? [{ indicator: part, type }] : [];
}

function inProse(text: string): CellIndicator[] {
  // nothing else has an indicator in it, and most cells of a table are words and numbers
  if (!/[.:@\\]|[0-9a-f]{32}|CVE/i.test(text)) return [];
  const clear = rearm(text);
  const found: CellIndicator[] = [];
  for (const each of findIn(clear, 0, clear.length)) {
    if (each.kind === 'indicator') found.push({ indicator: each.text, type: each.type });
  }
  return found;
}
