import { feedName, type Stand, type Told } from '../stand.ts';
import { addressesOf, createTaxii2Site, type StixObject, stixIndicators } from '../taxii2-server.ts';

const PASSWORD = 'taxii2-s3cret';
const BASIC = `Basic ${Buffer.from(`reader:${PASSWORD}`).toString('base64')}`;

const FIRST = 23;
const LATER = 5;

function objectsOf(edition: number): StixObject[] {
  return edition === 1 ? stixIndicators(FIRST) : stixIndicators(LATER, FIRST + (edition - 2) * LATER);
}

function taxii2Stand(version: '2.0' | '2.1', unmet: Stand['unmet']): Stand {
  const name = `taxii ${version}`;
  return {
    name,
    section: (url) => ({
      name: feedName(name),
      type: 'taxii2',
      url: `${url}/taxii2/`,
      username: 'reader',
      password: PASSWORD,
      together: 1,
      max_size: '2mb',
    }),
    secrets: [PASSWORD, BASIC],
    told: (edition) => addressesOf(objectsOf(edition)).map((value): Told => ({ type: 'ip', value })),
    open({ fault = 'none', now } = {}) {
      let edition = 1;
      const site = createTaxii2Site({
        version,
        fault,
        objects: objectsOf(edition),
        authorization: BASIC,
        ...(now === undefined ? {} : { began: now }),
      });
      return {
        answer: site.answer,
        publish() {
          edition += 1;
          site.add(objectsOf(edition));
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

export const TAXII2: readonly Stand[] = [
  taxii2Stand('2.0', { 'empty-page-with-more': 'a range that is empty is refused' }),
  taxii2Stand('2.1', { 'partial-content': 'it is asked for no range' }),
];
