// Six bytes (EUI-48) or eight (EUI-64) in the spellings of Linux, Windows, Cisco, and none at all.
const PAIRS = /^[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}(?:[0-9a-f]{2}\1[0-9a-f]{2}\1)?[0-9a-f]{2}$/;
const QUADS = /^[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}(?:\.[0-9a-f]{4})?$/;
const BARE = /^(?:[0-9a-f]{12}|[0-9a-f]{16})$/;

/** Lower-case pairs joined by colons. */
export function canonicalMac(text: string): string | undefined {
  const lower = text.toLowerCase();
  if (!PAIRS.test(lower) && !QUADS.test(lower) && !BARE.test(lower)) return undefined;
  return lower.replace(/[^0-9a-f]/g, '').replace(/..(?!$)/g, '$&:');
}
