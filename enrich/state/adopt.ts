import type { Claim } from './claim.ts';

/**
 * Claims that were made before feeds were noted belong to the feed that speaks in their place. Outsiders were told by the name of their feed
 * before the source's; they take over nothing else.
 *
 * `known` is what is remembered of an indicator, `told` what a batch says of it, each in its order; both come back, with the feeds that are
 * known now.
 */
export function adopt(
  known: readonly Claim[],
  told: readonly Claim[],
): { known: readonly Claim[]; told: readonly Claim[] } {
  const orphaned = ({ feed }: Claim): boolean => feed === '';
  if (!known.some(orphaned) && !told.some(orphaned)) return { known, told };
  const parents = [...known, ...told].filter((claim) => !orphaned(claim));
  const housed = (claim: Claim): Claim => {
    if (!orphaned(claim)) return claim;
    const parent = parents.find((each) => mayAdopt(each, claim));
    return parent === undefined ? claim : { ...claim, feed: parent.feed, outside: parent.outside };
  };
  const remembered = known.map(housed);
  return {
    // where the feed has a claim of its own there already, that is the newer one
    known: remembered.filter(
      (claim, at) => !orphaned(known[at] ?? claim) || !known.some((each) => isSame(each, claim)),
    ),
    told: told.map(housed),
  };
}

function mayAdopt({ feed, outside, source, ref }: Claim, orphan: Claim): boolean {
  if (source !== orphan.source || ref !== orphan.ref) return false;
  return !outside || source === feed || source.startsWith(`${feed}/`);
}

function isSame(a: Claim, b: Claim): boolean {
  return a !== b && a.feed === b.feed && a.source === b.source && a.ref === b.ref;
}
