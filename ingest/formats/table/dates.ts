import { isRealDay } from '../../../core/contract/told-time.ts';

/** How a column writes days with slashes or dots. Undefined: nothing in it tells, and such a day is not read. */
export type DayOrder = 'dmy' | 'mdy' | undefined;

const MONTHS = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const CLOCK =
  '(?:[T ,]+(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,]\\d{1,9})?)?\\s*(am|pm)?\\s*(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})?)?';
const YEAR_FIRST = new RegExp(`^(\\d{4})([-/.]?)(\\d{1,2})\\2(\\d{1,2})${CLOCK}$`, 'i');
const YEAR_LAST = new RegExp(`^(\\d{1,2})[/.-](\\d{1,2})[/.-](\\d{4})${CLOCK}$`, 'i');
const DAY_MONTH = new RegExp(`^(\\d{1,2})(?:st|nd|rd|th)?[-/ .]+([a-z]{3})[a-z]*[-/ .,]+(\\d{4})${CLOCK}$`, 'i');
const MONTH_DAY = new RegExp(`^([a-z]{3})[a-z]*[. ]+(\\d{1,2})(?:st|nd|rd|th)?,?[ ]+(\\d{4})${CLOCK}$`, 'i');
const LONGEST = 40;

/**
 * A time as tables write it, in ISO 8601: `2019-01-07 07:13:47 UTC`, `20161108`, `2016/7/26`, `26-Jul-2016`, `July 26, 2016`, and `26/07/2016` where
 * the order is known; epoch seconds and milliseconds as they are. Undefined for all else: the enricher refuses a record whose time is none.
 */
export function dateIn(told: string, order: DayOrder): string | undefined {
  const text = told.trim();
  if (text.length < 6 || text.length > LONGEST) return undefined;
  if (/^1\d{9}(?:\d{3})?$/.test(text)) return text;
  const first = YEAR_FIRST.exec(text);
  // eight digits and no more are a day, six of them might be anything
  if (first !== null && (first[2] !== '' || /^\d{8}(?:\D|$)/.test(text))) {
    return iso(first[1], first[3], first[4], first.slice(5));
  }
  const named = DAY_MONTH.exec(text);
  if (named !== null) return iso(named[3], monthOf(named[2]), named[1], named.slice(4));
  const month = MONTH_DAY.exec(text);
  if (month !== null) return iso(month[3], monthOf(month[1]), month[2], month.slice(4));
  const last = YEAR_LAST.exec(text);
  if (last === null) return undefined;
  const [, a, b, year] = last;
  const settled = order ?? orderOf(text);
  if (settled === undefined) return undefined;
  return settled === 'dmy' ? iso(year, b, a, last.slice(4)) : iso(year, a, b, last.slice(4));
}

/** What one cell says of the order: a number above 12 is a day. */
export function orderOf(text: string): DayOrder {
  const match = YEAR_LAST.exec(text.trim());
  if (match === null) return undefined;
  const [a, b] = [Number(match[1]), Number(match[2])];
  if (a > 12 && b <= 12) return 'dmy';
  return b > 12 && a <= 12 ? 'mdy' : undefined;
}

function monthOf(name: string | undefined): string | undefined {
  const at = MONTHS.indexOf((name ?? '').toLowerCase());
  return at === -1 ? undefined : String(at + 1);
}

function iso(
  year: string | undefined,
  month: string | undefined,
  day: string | undefined,
  clock: readonly (string | undefined)[],
): string | undefined {
  if (year === undefined || month === undefined || day === undefined) return undefined;
  const [hour = '0', minute = '00', second = '00', half, zone = 'Z'] = clock;
  const hours = half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'pm' ? 12 : 0);
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  const offset = /^[+-]/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(-2)}` : 'Z';
  if (!isRealDay(date)) return undefined;
  const moment = new Date(`${date}T${String(hours).padStart(2, '0')}:${minute}:${second}${offset}`);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}
