import { canonicalMutex } from '../../../core/indicator/mutex.ts';
import { table } from './table.ts';

table('mutexes', canonicalMutex, [
  ['Global\\{1B0E-77}', 'Global\\{1B0E-77}'],
  ['  _A B_ ', '_A B_'],
  ['x'.repeat(512), 'x'.repeat(512)],
  ['x'.repeat(513), undefined],
  [' ', undefined],
]);
