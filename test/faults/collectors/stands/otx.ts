import type { Stand, Told } from '../stand.ts';
import { domain, inJournal } from '../values.ts';
import { journalSource, json, refusal } from './journal.ts';

const KEY = 'otx-s3cret';
const IN_A_PULSE = 4;
const PAGE_SIZE = 2;
const told = (edition: number): Told[] => inJournal(edition, domain, { first: 24, later: 8 });

interface Pulse {
  id: string;
  modified: number;
  values: string[];
}

/** The newest pulses come first; four indicators each, two pulses a page. */
export const OTX: readonly Stand[] = [
  {
    name: 'otx',
    section: (url) => ({
      name: 'otx',
      type: 'otx',
      api_key: KEY,
      url: `${url}/api/v1/pulses/subscribed`,
      page_size: PAGE_SIZE,
      max_size: '2mb',
    }),
    secrets: [KEY],
    told,
    open(options = {}) {
      const { fault = 'none' } = options;
      let struck = 0;
      let refused = false;
      let emptied = false;
      const source = journalSource(told, options, (seen, issues, page) => {
        if (seen.headers['x-otx-api-key'] !== KEY) return refusal(403, { detail: 'Authentication required' });
        const pulses = issues
          .flatMap(({ edition, at, told: all }): Pulse[] =>
            Array.from({ length: all.length / IN_A_PULSE }, (_, index) => ({
              id: `pulse-${edition}-${index}`,
              modified: at,
              values: all.slice(index * IN_A_PULSE, (index + 1) * IN_A_PULSE).map(({ value }) => value),
            })),
          )
          .reverse();
        const asked = new URL(seen.url, 'http://otx.test');
        const number = Number(asked.searchParams.get('page') ?? 1);
        const since = Date.parse(`${asked.searchParams.get('modified_since') ?? '1970-01-01T00:00:00'}Z`);
        const wanted = pulses.filter(({ modified }) => modified >= since);
        if (fault === 'expired-next' && number > 1 && !refused) {
          // a page of a walk that began before pulses were taken away
          refused = true;
          struck += 1;
          return refusal(404, { detail: 'Invalid page.' });
        }
        const results = wanted.slice((number - 1) * PAGE_SIZE, number * PAGE_SIZE);
        const more = number * PAGE_SIZE < wanted.length;
        const next = new URL(asked.pathname + asked.search, `http://${seen.headers.host}`);
        next.searchParams.set('page', String(number + 1));
        const empties = fault === 'empty-page-with-more' && more && number > 1 && !emptied;
        if (empties) {
          // an empty page of which the next is the one that should have come
          emptied = true;
          struck += 1;
          next.searchParams.set('page', String(number));
          next.searchParams.set('again', '1');
        }
        return json(
          {
            count: wanted.length,
            next: more || empties ? next.href : null,
            previous: null,
            results: empties ? [] : results.map(pulseOf),
          },
          page(),
        );
      });
      return {
        answer: source.answer,
        publish: source.publish,
        get struck() {
          return struck + source.struck;
        },
      };
    },
    kind: 'journal',
    quiet: false,
    unmet: {
      'more-without-next': 'there is more when there is a next, and not otherwise',
      'partial-content': 'it is asked for no range',
    },
  },
];

function pulseOf({ id, modified, values }: Pulse): object {
  const at = new Date(modified).toISOString().slice(0, 19);
  return {
    id,
    name: id,
    author_name: 'somebody',
    created: at,
    modified: at,
    tags: ['x'],
    tlp: 'green',
    indicators: values.map((indicator, index) => ({ id: index, indicator, type: 'domain', created: at, is_active: 1 })),
  };
}
