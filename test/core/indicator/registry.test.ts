import { canonicalRegistry } from '../../../core/indicator/registry.ts';
import { table } from './table.ts';

table('registry keys', canonicalRegistry, [
  ['HKLM\\Software\\Run', 'HKEY_LOCAL_MACHINE\\Software\\Run'],
  ['hkcu\\Software\\Run', 'HKEY_CURRENT_USER\\Software\\Run'],
  ['HKEY_local_machine\\Software\\Run\\', 'HKEY_LOCAL_MACHINE\\Software\\Run'],
  ['HKLM:\\Software', 'HKEY_LOCAL_MACHINE\\Software'],
  ['HKLM\\\\Software\\\\Run', 'HKEY_LOCAL_MACHINE\\Software\\Run'],
  ['Computer\\HKEY_USERS\\S-1-5-18', 'HKEY_USERS\\S-1-5-18'],
  ['Computer\\Computer\\HKU\\a', 'HKEY_USERS\\a'],
  ['Software\\Microsoft\\Windows', 'Software\\Microsoft\\Windows'],
  ['\\Software\\a \\ ', 'Software\\a'],
  ['HKLM', 'HKEY_LOCAL_MACHINE'],
  ['HKXX\\Software', 'HKXX\\Software'],
  ['Software', undefined],
  ['\\', undefined],
]);
