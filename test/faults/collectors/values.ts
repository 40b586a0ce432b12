import type { Told } from './stand.ts';

/** Indicators by number, from 0 to 65,535: in blocks for benchmarks and documentation, so that they harm nobody. */

export function ip(number: number): Told {
  return { type: 'ip', value: `198.18.${number >> 8}.${number & 255}` };
}

export function cidr(number: number): Told {
  return { type: 'cidr', value: `198.${18 + (number >> 8)}.${number & 255}.0/24` };
}

export function cidr6(number: number): Told {
  return { type: 'cidr', value: `2001:db8:${(number + 1).toString(16)}::/48` };
}

export function domain(number: number): Told {
  return { type: 'domain', value: `n${number}.example.org` };
}

export function url(number: number): Told {
  return { type: 'url', value: `http://n${number}.example.org/a/b.exe` };
}

const HASH_LENGTHS = { md5: 32, sha1: 40, sha256: 64 } as const;

export function hash(type: keyof typeof HASH_LENGTHS, number: number): Told {
  return { type, value: `a${number.toString(16).padStart(HASH_LENGTHS[type] - 1, '0')}` };
}

export function fingerprint(number: number): Told {
  return { type: 'x509', value: `c${number.toString(16).padStart(39, '0')}` };
}

export function cve(number: number): Told {
  return { type: 'cve', value: `CVE-2026-${10_000 + number}` };
}

export function asn(number: number): Told {
  return { type: 'asn', value: `AS${64_512 + number}` };
}

/** So many are on a list at once: enough for it to be compared with the one before. */
const LIST_SIZE = 24;
const LIST_STEP = 6;

/** What stands on an edition of a list: a quarter of the one before is gone, as many are new. */
export function onList(edition: number, make: (number: number) => Told): Told[] {
  const first = (edition - 1) * LIST_STEP;
  return Array.from({ length: LIST_SIZE }, (_, index) => make(first + index));
}

/** What an edition adds to a journal: a good part with the first, a little with each later one. */
export function inJournal(edition: number, make: (number: number) => Told, sizes = { first: 20, later: 5 }): Told[] {
  const begin = edition === 1 ? 0 : sizes.first + (edition - 2) * sizes.later;
  const length = edition === 1 ? sizes.first : sizes.later;
  return Array.from({ length }, (_, index) => make(begin + index));
}
