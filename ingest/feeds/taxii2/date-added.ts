/**
 * The times at which a TAXII server took up its objects, or labelled them, as it writes them. They are compared and stepped back from digit by digit: a
 * JavaScript Date holds milliseconds, and servers write microseconds.
 */
const TIME = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.(\d{1,12}))?(?:[Zz]|([+-])(\d{2}):?(\d{2}))$/;

/** Seconds since 1970, and the digits behind the point as written. */
interface Moment {
  seconds: number;
  digits: string;
}

/** The text if it is such a time, without white space around it: it goes back to the server as it came. */
export function dateAdded(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > 64) return undefined;
  const trimmed = text.trim();
  return momentOf(trimmed) === undefined ? undefined : trimmed;
}

export function isAfter(a: string, b: string | undefined): boolean {
  if (b === undefined) return true;
  const [x, y] = [momentOf(a), momentOf(b)];
  if (x === undefined || y === undefined) return false;
  if (x.seconds !== y.seconds) return x.seconds > y.seconds;
  return x.digits.padEnd(12, '0') > y.digits.padEnd(12, '0');
}

export function latestOf(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return isAfter(b, a) ? b : a;
}

/** The moment before, as exact as the time is written: a microsecond earlier for one in microseconds, a second for one in seconds. */
export function stepBack(time: string): string {
  const moment = momentOf(time);
  if (moment === undefined) return time;
  const { seconds, digits } = moment;
  if (digits === '') return written(seconds - 1, '');
  const number = BigInt(digits);
  if (number === 0n) return written(seconds - 1, '9'.repeat(digits.length));
  return written(seconds, String(number - 1n).padStart(digits.length, '0'));
}

/** `ms` before, for servers that take up objects with a time that has passed. */
export function earlierBy(time: string, ms: number): string {
  const moment = momentOf(time);
  if (moment === undefined || ms === 0) return time;
  return new Date(Math.max(0, moment.seconds * 1000 - ms)).toISOString();
}

/** A server writes its date into objects and takes them up a little later: what came before the last may still be on its way. */
const SETTLING_MS = 60_000;

/**
 * Where the next reading begins, once a walk is at its end: at the date of the newest object, as the server wrote it. Has that date just
 * passed by the server's own clock, more objects may get the same one, or one before it; then the next reading asks a minute further back.
 */
export function settledAt(newest: string, since: string | undefined, clock: string | undefined, ours: number): string {
  const told = Date.parse(clock ?? '');
  const now = Number.isNaN(told) ? ours : told;
  if (Math.abs(now - (momentOf(newest)?.seconds ?? 0) * 1000) > SETTLING_MS) return newest;
  const from = earlierBy(newest, SETTLING_MS);
  return since === undefined || isAfter(from, since) ? from : since;
}

function momentOf(text: string): Moment | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [, day, time, digits = '', sign, hours = '0', minutes = '0'] = match;
  const utc = Date.parse(`${day}T${time}Z`);
  if (Number.isNaN(utc)) return undefined;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === '-' ? -1 : 1);
  return { seconds: utc / 1000 - offset, digits };
}

function written(seconds: number, digits: string): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  return digits === '' ? `${whole}Z` : `${whole}.${digits}Z`;
}
