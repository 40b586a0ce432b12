import { formatCidr, ipRange, parseCidr, parseIp } from '../../../core/indicator/address.ts';
import { attribute, type Element } from './element.ts';
import { splitList } from './property.ts';

/**
 * The one block that an address between two others (InclusiveBetween) must lie in, as `192.0.2.0/24` for 192.0.2.0 to 192.0.2.255. Undefined
 * when the condition is another, or the range is more or less than one block: then it names no network.
 */
export function blockOf(property: Element | undefined): string | undefined {
  if (property === undefined || attribute(property, 'condition')?.toLowerCase() !== 'inclusivebetween')
    return undefined;
  const [from, to, ...more] = splitList(property);
  if (from === undefined || to === undefined || more.length > 0) return undefined;
  const first = parseIp(from);
  const last = parseIp(to);
  if (first === undefined || last === undefined || first.length !== last.length) return undefined;
  const block = parseCidr(`${from}/${commonBits(first, last)}`);
  if (block === undefined) return undefined;
  const range = ipRange(block);
  return isSame(range.first, first) && isSame(range.last, last) ? formatCidr(block) : undefined;
}

function commonBits(a: Uint8Array, b: Uint8Array): number {
  let bits = 0;
  for (let at = 0; at < a.length; at += 1) {
    const differing = (a[at] ?? 0) ^ (b[at] ?? 0);
    bits += differing === 0 ? 8 : Math.clz32(differing) - 24;
    if (differing !== 0) break;
  }
  return bits;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, at) => byte === b[at]);
}
