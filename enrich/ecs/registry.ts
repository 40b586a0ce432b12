const quote = JSON.stringify;

/** ECS has the short names, and so do the events that a rule compares with. */
const SHORT_HIVES: ReadonlyMap<string, string> = new Map([
  ['HKEY_LOCAL_MACHINE', 'HKLM'],
  ['HKEY_CURRENT_USER', 'HKCU'],
  ['HKEY_CLASSES_ROOT', 'HKCR'],
  ['HKEY_USERS', 'HKU'],
  ['HKEY_CURRENT_CONFIG', 'HKCC'],
  ['HKEY_PERFORMANCE_DATA', 'HKPD'],
  ['HKEY_DYN_DATA', 'HKDD'],
]);

/** Keys that Windows starts programs from: whatever stands in them is a value. */
const KEYS_OF_VALUES: ReadonlySet<string> = new Set([
  'run',
  'runonce',
  'runonceex',
  'runservices',
  'runservicesonce',
  'appcertdlls',
]);

/** Names that are values wherever they stand, with the key that holds them: persistence and the switches that malware turns. */
const VALUES: ReadonlySet<string> = new Set([
  'windows\\appinit_dlls',
  'windows\\loadappinit_dlls',
  'windows\\load',
  'winlogon\\shell',
  'winlogon\\userinit',
  'winlogon\\taskman',
  'system\\enablelua',
  'system\\disabletaskmgr',
  'system\\disableregistrytools',
  'session manager\\bootexecute',
  'parameters\\servicedll',
  'wdigest\\uselogoncredential',
  'windows defender\\disableantispyware',
  'desktop\\wallpaper',
  'desktop\\scrnsave.exe',
  'environment\\userinitmprlogonscript',
]);
const VALUES_ANYWHERE: ReadonlySet<string> = new Set(['debugger', 'imagepath']);

/**
 * A canonical registry path inside `threat.indicator.registry`, JSON text without the outer braces: the whole path with the short name of the hive,
 * as ECS has it, the hive, the key below it, and the value's name. A path does not tell whether its last part is a key or a value, so a value is
 * named only where Windows knows no key.
 */
export function registryText(value: string): string {
  const cut = value.indexOf('\\');
  const head = cut < 0 ? value : value.slice(0, cut);
  const hive = SHORT_HIVES.get(head);
  const key = hive === undefined ? value : value.slice(head.length + 1);
  let text = `"path":${quote(hive === undefined ? value : `${hive}${value.slice(head.length)}`)}`;
  if (hive !== undefined) text += `,"hive":"${hive}"`;
  if (key === '') return text;
  const last = key.lastIndexOf('\\');
  if (last < 0 || !isValue(key.toLowerCase(), last)) return `${text},"key":${quote(key)}`;
  return `${text},"key":${quote(key.slice(0, last))},"value":${quote(key.slice(last + 1))}`;
}

/** `last`: where the last part begins, behind its backslash. */
function isValue(key: string, last: number): boolean {
  const before = key.lastIndexOf('\\', last - 1) + 1;
  return (
    KEYS_OF_VALUES.has(key.slice(before, last)) ||
    VALUES.has(key.slice(before)) ||
    VALUES_ANYWHERE.has(key.slice(last + 1))
  );
}
