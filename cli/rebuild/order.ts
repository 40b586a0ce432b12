import { type JudgedClaim, judge } from '../../enrich/state/derive.ts';
import { earliestOf, supersedes } from '../../enrich/state/merge.ts';
import type { Policy } from '../../enrich/state/policy.ts';
import type { Statement } from './statement.ts';

/**
 * The statements about one indicator in the order in which they are told: what decides first. Whatever the enricher has read of them, the
 * indicator then has the status, and all but always the score, that it ends with; told by age it would be active for a moment, and be
 * blocked or mailed once more, before its withdrawal is told. Pure; `now` is epoch ms.
 */
export function decisiveFirst(statements: readonly Statement[], policy: Policy, now: number): Statement[] {
  const said = new Map<string, Statement>();
  for (const each of statements) {
    const key = `${keyOf(each)}\0${each.claim.hash}`;
    const known = said.get(key);
    if (known === undefined || supersedes(each.claim, known.claim)) said.set(key, each);
  }
  const newest = new Map<string, Statement>();
  const replaced: Statement[] = [];
  for (const each of said.values()) {
    const key = keyOf(each);
    const known = newest.get(key);
    if (known === undefined) newest.set(key, each);
    else if (supersedes(each.claim, known.claim)) {
      replaced.push(known);
      newest.set(key, each);
    } else replaced.push(each);
  }
  const judged = [...newest.values()].map((statement) => ({
    statement,
    judged: judge(statement.type, statement.claim, policy, now),
  }));
  judged.sort((a, b) => compare(a.judged, b.judged));
  // What was replaced counts for the first sighting alone, and what was told in one moment with the newest only where that is earlier:
  // of such the later place on the topic counts, so the newest must come behind.
  const ties = replaced.filter((each) => isTie(each, newest.get(keyOf(each))));
  const earlier = ties.filter(
    (each) => earliestOf(each.claim) < earliestOf(newest.get(keyOf(each))?.claim ?? each.claim),
  );
  return [...earlier, ...judged.map(({ statement }) => statement), ...replaced.filter((each) => !ties.includes(each))];
}

function keyOf({ claim }: Statement): string {
  return [claim.feed, claim.source, claim.ref].join('\0');
}

function isTie({ claim }: Statement, newest: Statement | undefined): boolean {
  return claim.sequence > 0 && newest !== undefined && newest.claim.timestamp === claim.timestamp;
}

function compare(a: JudgedClaim, b: JudgedClaim): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0) return rank;
  if (a.live && a.score !== b.score) return b.score - a.score;
  return a.claim.timestamp > b.claim.timestamp ? -1 : 1;
}

/** Live ones make it active; of what is left the newest of our own feeds has the last word. */
function rankOf({ live, claim }: JudgedClaim): number {
  if (live) return (claim.outside ? 2 : 0) + (claim.composite ? 1 : 0);
  return claim.outside ? 5 : 4;
}
