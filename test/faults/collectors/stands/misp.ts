import type { Reply, Seen } from '../faults.ts';
import { feedName, type SourceOptions, type Stand, type Told, UNMET_BY_LISTS } from '../stand.ts';
import { domain, inJournal } from '../values.ts';
import { type Issue, journalSource, json, refusal } from './journal.ts';

const KEY = 'misp-s3cret'.padEnd(40, 'k');
const IN_AN_EVENT = 4;
const told = (edition: number): Told[] => inJournal(edition, domain, { first: 24, later: 8 });

/** How an event stands in a MISP, four attributes each. */
export interface MispEvent {
  uuid: string;
  /** Second. */
  timestamp: number;
  attributes: { id: number; uuid: string; value: string }[];
}

function uuid(kind: number, number: number): string {
  return `00000000-0000-4000-800${kind}-${number.toString(16).padStart(12, '0')}`;
}

export function eventsOf(issues: readonly Issue[]): MispEvent[] {
  const all = issues.flatMap(({ at, told: values }) => values.map(({ value }) => ({ at, value })));
  return Array.from({ length: all.length / IN_AN_EVENT }, (_, index) => {
    const first = index * IN_AN_EVENT;
    return {
      uuid: uuid(1, index),
      timestamp: Math.floor((all[first]?.at ?? 0) / 1000),
      attributes: all
        .slice(first, first + IN_AN_EVENT)
        .map(({ value }, at) => ({ id: first + at + 1, uuid: uuid(2, first + at), value })),
    };
  });
}

export function headOf({ uuid: id, timestamp }: MispEvent): Record<string, unknown> {
  return {
    uuid: id,
    info: 'x',
    date: '2026-01-01',
    threat_level_id: '2',
    published: true,
    timestamp: String(timestamp),
    publish_timestamp: String(timestamp),
    Orgc: { id: '1', name: 'Example Org', uuid: '99999999-2222-4333-8444-555555555555' },
    Tag: [],
  };
}

export function wholeEvent(event: MispEvent): Record<string, unknown> {
  return {
    Event: { ...headOf(event), Attribute: event.attributes.map((each) => attributeOf(each, event)), Object: [] },
  };
}

function attributeOf({ id, uuid: own, value }: MispEvent['attributes'][number], { timestamp }: MispEvent): object {
  return {
    id: String(id),
    uuid: own,
    type: 'domain',
    category: 'Network activity',
    value,
    to_ids: true,
    deleted: false,
    timestamp: String(timestamp),
    Tag: [],
  };
}

interface Question {
  page?: number;
  limit?: number;
  timestamp?: string;
  publish_timestamp?: string;
}

type Kind = 'search' | 'index' | 'event';

/** What of a MISP is asked for: searches in pages, the index, single events. */
function answerOf(seen: Seen, issues: readonly Issue[], count: (kind: Kind, page: number) => Page): Reply {
  if (seen.headers.authorization !== KEY) return refusal(403, { message: 'Authentication failed.' });
  const events = eventsOf(issues);
  const path = new URL(seen.url, 'http://misp.test').pathname;
  if (path === '/attributes/restSearch' || path === '/events/restSearch') {
    const {
      page: asked = 1,
      limit = 1000,
      timestamp = '0',
      publish_timestamp = '0',
    } = JSON.parse(seen.body) as Question;
    const { number, page } = count('search', asked);
    const from = Math.max(Number(timestamp), Number(publish_timestamp));
    const wanted = events.filter((event) => event.timestamp >= from);
    const all = path.startsWith('/events')
      ? wanted.map(wholeEvent)
      : wanted.flatMap((event) =>
          event.attributes.map((each) => ({ ...attributeOf(each, event), Event: headOf(event) })),
        );
    const part = number === undefined ? [] : all.slice((number - 1) * limit, number * limit);
    const reply = json({ response: path.startsWith('/events') ? part : { Attribute: part } }, page);
    reply.headers['x-result-count'] = String(number === undefined ? limit : part.length);
    if (number === undefined) reply.headers['x-skipped-elements-count'] = String(limit);
    return reply;
  }
  if (path === '/events/index') return json(events.map(headOf), count('index', 1).page);
  const [, id] = /^\/events\/(?:view\/)?([0-9a-f-]{36})/.exec(path) ?? [];
  const event = events.find((each) => each.uuid === id);
  return event === undefined
    ? refusal(404, { message: 'Invalid event.' })
    : json(wholeEvent(event), count('event', 1).page);
}

interface Page {
  /** Which of the pages with content it is; undefined: one of which all was taken out. */
  number: number | undefined;
  page: number | undefined;
}

interface Way {
  mode: 'attributes' | 'event' | 'index';
  /** Which of its answers are pages. */
  counts: Kind;
  page_size?: number;
  quiet: boolean;
  unmet: Stand['unmet'];
}

function mispStand(name: string, { mode, counts, page_size, quiet, unmet }: Way): Stand {
  return {
    name,
    section: (url) => ({
      name: feedName(name),
      type: 'misp',
      url,
      api_key: KEY,
      mode,
      max_size: '2mb',
      ...(page_size === undefined ? {} : { page_size }),
    }),
    secrets: [KEY],
    told,
    open(options: SourceOptions = {}) {
      let struck = 0;
      const empties = options.fault === 'empty-page-with-more';
      const source = journalSource(told, options, (seen, issues, page) =>
        answerOf(seen, issues, (kind, asked) => {
          const counted = kind === counts ? page() : undefined;
          if (!empties || asked === 1) return { number: asked, page: counted };
          if (asked === 2) struck += 1;
          return { number: asked === 2 ? undefined : asked - 1, page: counted };
        }),
      );
      return {
        answer: source.answer,
        publish: source.publish,
        get struck() {
          return struck + source.struck;
        },
      };
    },
    kind: 'journal',
    quiet,
    unmet,
  };
}

const BY_NUMBER = 'pages have numbers';
const UNMET_BY_SEARCH: Stand['unmet'] = {
  'more-without-next': BY_NUMBER,
  'expired-next': BY_NUMBER,
  'partial-content': 'it is asked for no range',
};
const { 'same-timestamp': _, ...UNMET_BY_INDEX } = UNMET_BY_LISTS;

export const MISP: readonly Stand[] = [
  mispStand('misp attributes', {
    mode: 'attributes',
    counts: 'search',
    page_size: 6,
    quiet: false,
    unmet: UNMET_BY_SEARCH,
  }),
  mispStand('misp events', { mode: 'event', counts: 'search', page_size: 2, quiet: false, unmet: UNMET_BY_SEARCH }),
  mispStand('misp index', { mode: 'index', counts: 'index', quiet: true, unmet: UNMET_BY_INDEX }),
  mispStand('misp index, events', { mode: 'index', counts: 'event', quiet: true, unmet: UNMET_BY_INDEX }),
];
