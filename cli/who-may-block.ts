import type { ConfiguredFeed } from '../ingest/feed.ts';
import { mayBlock } from '../ingest/standing.ts';

/** Feeds that outsiders write to and that may not block therefore, as `push (tcp)`. */
function outsiders(feeds: readonly ConfiguredFeed[]): string[] {
  return feeds
    .filter(({ settings }) => !mayBlock(settings))
    .map(({ settings }) => `${settings.name} (${settings.type})`);
}

/** One sentence for `check` and the log: whose word blocks, and how to change that. */
export function whoMayBlock(feeds: readonly ConfiguredFeed[]): string {
  const others = 'what stands on ioc.raw without having come through a feed of this configuration';
  const not = outsiders(feeds);
  if (not.length === 0) return `all feeds may; ${others} may not`;
  return `what comes through ${not.join(', ')} may not, nor ${others}: it is indexed and mailed and blocks nothing; a feed whose senders you trust may with may_block: true`;
}
