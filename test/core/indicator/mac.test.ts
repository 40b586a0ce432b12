import { canonicalMac } from '../../../core/indicator/mac.ts';
import { table } from './table.ts';

table('MAC addresses', canonicalMac, [
  ['00:11:22:AA:BB:CC', '00:11:22:aa:bb:cc'],
  ['00-11-22-AA-BB-CC', '00:11:22:aa:bb:cc'],
  ['0011.22aa.bbcc', '00:11:22:aa:bb:cc'],
  ['001122AABBCC', '00:11:22:aa:bb:cc'],
  ['00:11:22:ff:fe:aa:bb:cc', '00:11:22:ff:fe:aa:bb:cc'],
  ['00-11:22-AA-BB-CC', undefined],
  ['00:11:22:AA:BB', undefined],
  ['00:11:22:AA:BB:CC:DD', undefined],
  ['0:11:22:aa:bb:cc', undefined],
]);
