const HIVES: ReadonlyMap<string, string> = new Map([
  ['HKLM', 'HKEY_LOCAL_MACHINE'],
  ['HKCU', 'HKEY_CURRENT_USER'],
  ['HKCR', 'HKEY_CLASSES_ROOT'],
  ['HKU', 'HKEY_USERS'],
  ['HKCC', 'HKEY_CURRENT_CONFIG'],
  ['HKPD', 'HKEY_PERFORMANCE_DATA'],
  ['HKDD', 'HKEY_DYN_DATA'],
]);
const FULL_NAMES: ReadonlySet<string> = new Set(HIVES.values());

/** True if the text begins with the name of a hive, short or long. */
export function namesHive(text: string): boolean {
  const hive = /^(?:Computer\\)*(HK[A-Z_]{1,20}):?(?:\\|$)/i.exec(text)?.[1]?.toUpperCase();
  return hive !== undefined && (HIVES.has(hive) || FULL_NAMES.has(hive));
}

/**
 * A registry key with the hive's long name in upper case; the path behind it keeps its case, because that is how
 * analysts read it. `Computer\HKLM\…` (regedit), `HKLM:\…` (PowerShell) and doubled backslashes (JSON and STIX
 * escaping) are undone, a backslash at the end is dropped. A path without a hive is taken if it has a backslash.
 */
export function canonicalRegistry(text: string): string | undefined {
  const path = withoutEdges(text.replace(/\\+/g, '\\')).replace(/^(?:Computer\\)+(?=HK)/i, '');
  const cut = path.indexOf('\\');
  if (!namesHive(path)) return cut > 0 ? path : undefined;
  const head = (cut < 0 ? path : path.slice(0, cut)).replace(/:$/, '').toUpperCase();
  return (HIVES.get(head) ?? head) + (cut < 0 ? '' : path.slice(cut));
}

// By hand: an unanchored run before `$` costs a regular expression the square of the length.
function withoutEdges(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isEdge(text, start)) start += 1;
  while (end > start && isEdge(text, end - 1)) end -= 1;
  return text.slice(start, end);
}

function isEdge(text: string, at: number): boolean {
  const char = text.charAt(at);
  return char === '\\' || char.trim() === '';
}
