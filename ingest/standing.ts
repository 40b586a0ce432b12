import { FEED_HEADER, OUTSIDE_HEADER } from '../core/contract/raw-indicator.ts';
import type { FeedSettings } from './settings.ts';

/** Types of feeds that others write to: whoever reaches the port, or may write to the foreign topic, speaks through them. */
const WRITTEN_BY_OTHERS = new Set(['tcp', 'http-push', 'kafka']);

/** May what this feed says block? Where others write, only if the operator says so. */
export function mayBlock({ type, may_block }: Pick<FeedSettings, 'type' | 'may_block'>): boolean {
  return may_block ?? !WRITTEN_BY_OTHERS.has(type);
}

/** The headers of all records of a feed: who took them, and whether they come from outsiders. */
export function standingHeaders(settings: FeedSettings): Readonly<Record<string, string>> {
  return { [FEED_HEADER]: settings.name, ...(mayBlock(settings) ? {} : { [OUTSIDE_HEADER]: '1' }) };
}
