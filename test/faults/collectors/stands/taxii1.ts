import { feedName, type Stand, type Told } from '../stand.ts';
import { addressesIn, type Block, createTaxii1Site, stixBlocks } from '../taxii1-server.ts';

const PASSWORD = 'taxii1-s3cret';
const BASIC = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString('base64')}`;

const FIRST = 23;
const LATER = 5;

function blocksOf(edition: number): Block[] {
  return edition === 1 ? stixBlocks(FIRST) : stixBlocks(LATER, FIRST + (edition - 2) * LATER);
}

function taxii1Stand(version: '1.0' | '1.1', unmet: Stand['unmet']): Stand {
  const name = `taxii ${version}`;
  return {
    name,
    section: (url) => ({
      name: feedName(name),
      type: 'taxii1',
      url: `${url}/discovery`,
      since: 'all',
      username: 'reader',
      password: PASSWORD,
      max_size: '2mb',
    }),
    secrets: [PASSWORD, BASIC],
    told: (edition) => addressesIn(blocksOf(edition)).map((value): Told => ({ type: 'ip', value })),
    open({ fault = 'none', now } = {}) {
      let edition = 1;
      const site = createTaxii1Site({
        version,
        fault,
        blocks: blocksOf(edition),
        authorization: BASIC,
        ...(now === undefined ? {} : { began: now }),
      });
      return {
        answer: site.answer,
        publish() {
          edition += 1;
          site.add(blocksOf(edition));
        },
        get struck() {
          return site.struck;
        },
      };
    },
    kind: 'journal',
    quiet: true,
    unmet,
  };
}

const AT_ONCE = 'all comes at once';

export const TAXII1: readonly Stand[] = [
  taxii1Stand('1.0', {
    'more-without-next': AT_ONCE,
    'empty-page-with-more': AT_ONCE,
    'partial-content': AT_ONCE,
    'expired-next': AT_ONCE,
  }),
  taxii1Stand('1.1', {}),
];
