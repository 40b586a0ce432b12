/** However long a server asks for, a feed is tried once a day: a wrong header must not silence it for good. */
const LONGEST = 86_400_000;
/** A number below this is a count of seconds; one above, the seconds since 1970; one above its thousandfold, milliseconds. */
const EPOCH_FROM = 1_000_000_000;
const RESET_HEADERS = ['x-ratelimit-reset', 'x-rate-limit-reset', 'ratelimit-reset'];

/** Milliseconds that a Retry-After header asks for (RFC 9110, section 10.2.3: seconds or an HTTP date); undefined when it is neither. */
export function parseRetryAfter(value: string | undefined, now: number): number | undefined {
  const text = value?.trim() ?? '';
  if (/^\d{1,12}$/.test(text)) return Math.min(Number(text) * 1000, LONGEST);
  // both forms, because Date.parse alone would take `-5` for a date, and the old form without zone for local time
  const withZone = /^[A-Za-z]{3,9}, .* GMT$/.test(text);
  const old = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/.test(text);
  if (!withZone && !old) return undefined;
  const at = Date.parse(old ? `${text} GMT` : text);
  return Number.isNaN(at) ? undefined : Math.min(Math.max(0, at - now), LONGEST);
}

/**
 * How long a server that has had enough wants to be left alone, in ms: by Retry-After, else by the moment at which its quota is full
 * again, which MISP calls X-Rate-Limit-Reset and others X-RateLimit-Reset. That is an epoch with most, with some a count of seconds.
 */
export function askedWait(headers: Readonly<Record<string, string>>, now: number): number | undefined {
  const asked = parseRetryAfter(headers['retry-after'], now);
  if (asked !== undefined) return asked;
  for (const name of RESET_HEADERS) {
    const text = headers[name]?.trim() ?? '';
    if (!/^\d{1,13}(\.\d{1,9})?$/.test(text)) continue;
    const number = Number(text);
    if (number < EPOCH_FROM) return Math.min(number * 1000, LONGEST);
    const at = number < EPOCH_FROM * 1000 ? number * 1000 : number;
    return Math.min(Math.max(0, at - now), LONGEST);
  }
  return undefined;
}
