import { type EnrichedDocument, feedOf, isOver } from '../../core/contract/enriched-document.ts';
import { rawOf } from '../../core/contract/raw-of-claim.ts';
import type { Member } from './list-file.ts';
import type { Marks } from './marks.ts';
import { withdrawn } from './told-again.ts';

/** Claims of a feed that are live or begin later, and are not on its list, each as its withdrawal. */
export async function* vanished(
  documents: AsyncIterable<EnrichedDocument[]>,
  feed: string,
  marks: Marks,
  readAt: number,
): AsyncGenerator<Member[]> {
  const now = new Date(readAt).toISOString();
  for await (const page of documents) {
    const gone: Member[] = [];
    for (const { tipline } of page) {
      for (const claim of tipline.claims) {
        if (feedOf(claim) !== feed || isOver(claim, readAt)) continue;
        const member = { key: tipline.id, value: JSON.stringify(rawOf(tipline, claim, now)), granted: false };
        const told = marks.has(member) ? undefined : withdrawn(member, now);
        if (told !== undefined) gone.push(told);
      }
    }
    if (gone.length > 0) yield gone;
  }
}
