import { TiplineError } from '../../core/process/errors.ts';
import type { Cursors } from '../../store/port.ts';
import { feedKey, parseFeedState, type Quarantine } from '../feed-state.ts';

/**
 * An operator's word that a list which is held back is right. It has a key of its own: the feed's state belongs to the process that reads it,
 * which overwrites what others put there.
 */
const releaseKey = (feed: string): string => `feed-release:${feed}`;

/** Names the quarantine that is meant, so that the word is good for no later one. */
interface ReleaseMark {
  since: number;
}

/** Lets the feed go on with what it held back, at the next reading; throws FEED_NOT_HELD when it holds nothing back. */
export async function releaseFeed(cursors: Cursors, feed: string): Promise<Quarantine> {
  const stored = await cursors.get(feedKey(feed));
  const { quarantine } = parseFeedState(stored?.value);
  if (quarantine === null) {
    throw new TiplineError('FEED_NOT_HELD', `no list of "${feed}" is held back; there is nothing to release`, {
      retryable: false,
    });
  }
  const mark: ReleaseMark = { since: quarantine.since };
  const before = await cursors.get(releaseKey(feed));
  if ((await cursors.put(releaseKey(feed), mark, before?.version ?? null)) === undefined) {
    throw new TiplineError('FEED_RELEASED', `somebody else releases "${feed}" at this moment`, { retryable: true });
  }
  return quarantine;
}

/** Was this quarantine released? A store that is away has no answer, which is taken for no. */
export async function isReleased(cursors: Cursors, feed: string, { since }: Quarantine): Promise<boolean> {
  try {
    const mark = (await cursors.get(releaseKey(feed)))?.value;
    return typeof mark === 'object' && mark !== null && 'since' in mark && mark.since === since;
  } catch {
    return false;
  }
}
