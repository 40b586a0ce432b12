/** However long a server asks for, a feed is tried once a day: a wrong header must not silence it for good. */
const LONGEST = 86_400_000;

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
