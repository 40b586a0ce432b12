import { canonicalCve } from '../../../core/indicator/cve.ts';
import { table } from './table.ts';

table('CVE ids', canonicalCve, [
  ['cve-2024-1234', 'CVE-2024-1234'],
  ['CVE-2021-44228', 'CVE-2021-44228'],
  ['2014-0160', 'CVE-2014-0160'],
  ['CVE-2024-123', undefined],
  ['CVE-24-1234', undefined],
  ['GHSA-jfh8-c2jp-5v3q', undefined],
]);
