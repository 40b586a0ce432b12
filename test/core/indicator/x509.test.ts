import { canonicalX509 } from '../../../core/indicator/x509.ts';
import { table } from './table.ts';

table('certificates', canonicalX509, [
  ['AA:BB:CC:DD', 'aabbccdd'],
  ['0x00AB', '00ab'],
  ['aa bb', 'aabb'],
  ['a', undefined],
  ['zz', undefined],
  ['a'.repeat(129), undefined],
]);
