import { feedName, type Stand, type Told, UNMET_BY_LISTS } from '../stand.ts';
import { domain, inJournal } from '../values.ts';
import { journalSource, json, refusal } from './journal.ts';
import { eventsOf, headOf, wholeEvent } from './misp.ts';

const KEY = 'misp-feed-s3cret';
const told = (edition: number): Told[] => inJournal(edition, domain, { first: 24, later: 12 });
const { 'same-timestamp': _, ...UNMET } = UNMET_BY_LISTS;

/** A folder with a manifest and a file for each event; `pages`: what the faults strike. */
function folderStand(name: string, pages: 'manifest' | 'event'): Stand {
  return {
    name,
    section: (url) => ({
      name: feedName(name),
      type: 'misp-feed',
      url: `${url}/feed`,
      headers: { 'X-Key': KEY },
      max_size: '2mb',
    }),
    secrets: [KEY],
    told,
    open: (options = {}) =>
      journalSource(told, options, (seen, issues, page) => {
        if (seen.headers['x-key'] !== KEY) return refusal(403);
        const events = eventsOf(issues);
        const [, file] = /^\/feed\/([0-9a-f-]+|manifest)\.json/.exec(seen.url) ?? [];
        if (file !== 'manifest') {
          const event = events.find(({ uuid }) => uuid === file);
          return event === undefined ? refusal(404) : json(wholeEvent(event), pages === 'event' ? page() : undefined);
        }
        const etag = `"${events.length}"`;
        if (seen.headers['if-none-match'] === etag) return { status: 304, headers: { etag }, body: '' };
        const manifest = Object.fromEntries(events.map((event) => [event.uuid, headOf(event)]));
        const reply = json(manifest, pages === 'manifest' ? page() : undefined);
        reply.headers.etag = etag;
        return reply;
      }),
    kind: 'journal',
    quiet: true,
    unmet: UNMET,
  };
}

export const MISP_FEED: readonly Stand[] = [
  folderStand('misp-feed manifest', 'manifest'),
  folderStand('misp-feed events', 'event'),
];
