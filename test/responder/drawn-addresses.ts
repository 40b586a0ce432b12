/** The same numbers every time (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

/** So many different addresses, of /8 networks from `first` on that are nobody's special ones. */
export function addressesFrom(first: number, count: number, seed: number): string[] {
  const next = random(seed);
  const found = new Set<string>();
  while (found.size < count) {
    const bits = next();
    found.add(`${first + (bits & 7)}.${(bits >>> 8) & 255}.${(bits >>> 16) & 255}.${(bits >>> 24) & 255}`);
  }
  return [...found];
}

/** Every /16 of IPv4. */
export const allNetworks = Array.from({ length: 65_536 }, (_, at) => `${at >> 8}.${at & 255}.0.0/16`);
