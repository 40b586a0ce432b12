import type { FeedDefinition, FeedParse } from '../feed.ts';
import { abuseipdb } from './abuseipdb.ts';
import { file } from './file.ts';
import { httpList } from './http-list.ts';
import { tcp } from './tcp.ts';

/** Every source that tipline can read. A new one is one file and one line here. */
export const FEEDS: readonly FeedDefinition[] = [abuseipdb, file, httpList, tcp];

/** Checks one entry of the configuration's `feeds`, and tells what is wrong with it. */
export function parseFeed(section: unknown): FeedParse {
  const type = typeof section === 'object' && section !== null && 'type' in section ? section.type : undefined;
  const definition = FEEDS.find((each) => each.type === type);
  if (definition !== undefined) return definition.parse(section);
  const message = `must be one of ${FEEDS.map((each) => each.type).join(', ')}`;
  return { ok: false, issues: [{ code: 'custom', path: ['type'], message, input: type }] };
}
