const DAY = 86_400_000;
const YEAR_1990 = Date.UTC(1990, 0, 1);
/** Epoch numbers below this are seconds: as milliseconds they would lie in 1970, as seconds it is the year 5138. */
const SECONDS_BELOW = 100_000_000_000;

/** What a told time can be: a moment (epoch ms), absent (too old to mean anything), or no time at all. */
export type ToldTime = number | 'absent' | 'invalid';

/**
 * Reads a time as feeds write it: ISO 8601 (no zone = UTC; a blank for the T; date alone), `2020-12-08 13:36:27 UTC`,
 * epoch seconds or milliseconds, as number or text. Before 1990 is absent: feeds write 0 and 1970-01-01 for "unknown".
 */
export function readTime(told: unknown): ToldTime {
  if (told === undefined || told === null || told === '') return 'absent';
  let ms: number;
  if (typeof told === 'number') ms = fromEpoch(told);
  else if (typeof told === 'string') ms = fromText(told);
  else return 'invalid';
  if (Number.isNaN(ms)) return 'invalid';
  return ms < YEAR_1990 ? 'absent' : Math.trunc(ms);
}

function fromEpoch(value: number): number {
  if (!Number.isFinite(value)) return Number.NaN;
  return value < SECONDS_BELOW ? value * 1000 : value;
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?)(?:[.,](\d{1,9}))?)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i;

function fromText(text: string): number {
  if (isCanonical(text)) return Date.parse(text);
  if (text.length > 40) return Number.NaN;
  const trimmed = text.trim();
  if (/^\d{9,16}(\.\d{1,9})?$/.test(trimmed)) return fromEpoch(Number(trimmed));
  const match = ISO.exec(trimmed);
  if (match === null) return Number.NaN;
  const [, date = '', clock = '00:00', fraction = '', zone = 'Z'] = match;
  // Date keeps milliseconds: sources write up to nanoseconds, and some engines refuse more than three digits
  const millis = fraction === '' ? '' : `.${fraction.slice(0, 3).padEnd(3, '0')}`;
  const offset = /^[+-]/.test(zone) ? (zone.includes(':') ? zone : `${zone.slice(0, 3)}:${zone.slice(3)}`) : 'Z';
  const seconds = clock.length === 5 ? `${clock}:00` : clock;
  const ms = Date.parse(`${date}T${seconds}${millis}${offset}`);
  return isRealDay(date) ? ms : Number.NaN;
}

/** `Date.parse` takes 2026-02-30 for 2 March. */
function isRealDay(date: string): boolean {
  const day = new Date(`${date}T00:00:00Z`);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(date);
}

/** True for `2026-11-24T06:00:00.000Z`, the one form tipline itself writes. */
function isCanonical(text: string): boolean {
  return (
    text.length === 24 && text.charCodeAt(23) === 0x5a && text.charCodeAt(10) === 0x54 && text.charCodeAt(19) === 0x2e
  );
}

/** A sighting or statement from the future is a wrong clock: it counts as made at `collectedAt` + 1 day at the latest. */
export function notAfterTomorrow(ms: number, collectedAt: number): number {
  return Math.min(ms, collectedAt + DAY);
}

/** `YYYY-MM-DD` in UTC. */
export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

let lastMs = Number.NaN;
let lastText = '';

/** ISO 8601 in UTC with milliseconds. Times repeat within a batch (one list, one reading), so the last one is kept. */
export function isoOf(ms: number): string {
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString();
    lastMs = ms;
  }
  return lastText;
}
