import type { Claim } from './claim.ts';

/** Was it made before feeds were noted? */
export function isFeedless({ feed }: Claim): boolean {
  return feed === '';
}

/**
 * Claims that were made before feeds were noted belong to the feed that speaks in their place. Outsiders were told by the name of their feed
 * before the source's; they take over nothing else. Of several feeds that could, the one with the source's name is meant, else the first by
 * name; one that speaks in a later batch finds the claim taken.
 *
 * `known` is what is remembered of an indicator, `told` what a batch says of it, each in its order; both come back, with the feeds that are
 * known now.
 */
export function adopt(
  known: readonly Claim[],
  told: readonly Claim[],
): { known: readonly Claim[]; told: readonly Claim[] } {
  if (!known.some(isFeedless) && !told.some(isFeedless)) return { known, told };
  const speaking = [...known, ...told].filter((claim) => !isFeedless(claim));
  const adopted = (claim: Claim): Claim => {
    if (!isFeedless(claim)) return claim;
    const [heir, ...others] = speaking.filter((each) => mayAdopt(each, claim));
    if (heir === undefined) return claim;
    const { feed, outside } = others.reduce((best, each) => (comesBefore(each, best) ? each : best), heir);
    return { ...claim, feed, outside };
  };
  const remembered = known.map(adopted);
  return {
    // where the feed has a claim of its own there already, that is the newer one
    known: remembered.filter(
      (claim, at) => !isFeedless(known[at] ?? claim) || !known.some((each) => isSame(each, claim)),
    ),
    told: told.map(adopted),
  };
}

function mayAdopt({ feed, outside, source, ref }: Claim, feedless: Claim): boolean {
  if (source !== feedless.source || ref !== feedless.ref) return false;
  return !outside || source === feed || source.startsWith(`${feed}/`);
}

function comesBefore(a: Claim, b: Claim): boolean {
  if ((a.feed === a.source) !== (b.feed === b.source)) return a.feed === a.source;
  if (a.outside !== b.outside) return b.outside;
  return a.feed < b.feed;
}

function isSame(a: Claim, b: Claim): boolean {
  return a !== b && a.feed === b.feed && a.source === b.source && a.ref === b.ref;
}
