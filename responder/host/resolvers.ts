import { parseIp } from '../../core/indicator/address.ts';

/** The `nameserver` lines of a resolv.conf(5), zone ids taken off. */
export function resolversIn(text: string): Uint8Array[] {
  return text.split('\n').flatMap((line) => {
    const address = /^\s*nameserver\s+([^\s%#;]+)/.exec(line)?.[1];
    const bytes = address === undefined ? undefined : parseIp(address);
    return bytes === undefined ? [] : [bytes];
  });
}
