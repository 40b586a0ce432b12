/** The kinds of indicator that tipline knows. An address with a mask of full length is an `ip`, never a `cidr`. */
export const INDICATOR_TYPES = [
  'ip',
  'cidr',
  'domain',
  'url',
  'email',
  'md5',
  'sha1',
  'sha256',
  'sha512',
  'ssdeep',
  'tlsh',
  'imphash',
  'asn',
  'mac',
  'mutex',
  'registry',
  'x509',
  'cve',
] as const;

export type IndicatorType = (typeof INDICATOR_TYPES)[number];

/** A canonical indicator: two spellings of one thing have the same `type` and `value`, and so the same id. */
export interface Indicator {
  readonly type: IndicatorType;
  readonly value: string;
}

const KNOWN: ReadonlySet<string> = new Set(INDICATOR_TYPES);

/** True for tipline's own type names only; feeds' words for them are read by `typeFromAlias`. */
export function isIndicatorType(text: string): text is IndicatorType {
  return KNOWN.has(text);
}
