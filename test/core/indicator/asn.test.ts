import { canonicalAsn } from '../../../core/indicator/asn.ts';
import { table } from './table.ts';

table('AS numbers', canonicalAsn, [
  ['AS15169', 'AS15169'],
  ['as15169', 'AS15169'],
  ['ASN 15169', 'AS15169'],
  ['15169', 'AS15169'],
  ['AS0015169', 'AS15169'],
  ['AS1.10', 'AS65546'],
  ['AS4294967295', 'AS4294967295'],
  ['AS4294967296', undefined],
  ['AS65536.1', undefined],
  ['AS0', undefined],
  ['AS', undefined],
  ['AS15169 Example Ltd', undefined],
  ['1.2.3', undefined],
]);
