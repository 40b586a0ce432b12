const SSDEEP = /^(?:0|[1-9]\d{0,9}):[A-Za-z0-9+/]{0,64}:[A-Za-z0-9+/]{0,64}$/;
const TLSH = /^(?:T1)?[0-9A-F]{70}$/i;

/**
 * `blocksize:hash:hash`. The case carries meaning (base 64) and stays; the quoted file name that ssdeep's own output
 * adds after a comma is dropped.
 */
export function canonicalSsdeep(text: string): string | undefined {
  const comma = text.indexOf(',');
  const value = comma < 0 ? text : text.slice(0, comma);
  return SSDEEP.test(value) ? value : undefined;
}

/** 70 upper-case hex digits behind the version `T1`, which older tools leave out. */
export function canonicalTlsh(text: string): string | undefined {
  if (!TLSH.test(text)) return undefined;
  return `T1${text.slice(-70).toUpperCase()}`;
}
