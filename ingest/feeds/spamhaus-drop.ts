import { type Fields, isFields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { contextOf, numberIn, textIn } from '../formats/fields.ts';
import { lineRecords } from '../formats/line-records.ts';
import type { Tally } from '../tally.ts';
import { definePublishedList } from './published-list.ts';

/** The DROP lists of Spamhaus: networks and autonomous systems that nobody honest uses. */
export const spamhausDrop = definePublishedList({
  type: 'spamhaus-drop',
  url: 'https://www.spamhaus.org/drop/drop_v4.json',
  about: {
    url: 'Address of one of the lists in JSON: drop_v4, drop_v6 or asndrop.',
    max_size: 'Cap on the list.',
  },
  maxSize: 64 * 1024 ** 2,
  read: dropRecords,
});

/** Many times the length of the lists; what stands on them is kept while they are read. */
const MOST_ENTRIES = 500_000;

/**
 * A JSON object a line, the last of which is about the list: how many there are. Without it, or with another number, the list was cut
 * off, and what is missing from it must not expire. Some entries come twice; the number is right when it counts them either way.
 */
async function* dropRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  const entries = new Set<string>();
  let lines = 0;
  let promised: number | undefined;
  let closed = false;

  function take(line: string, number: number, add: (record: RawIndicator) => void): void {
    if (line.trim() === '') return;
    const fields = fieldsOf(line);
    if (fields === undefined) {
      tally.skip(number, 'not a JSON object', 'malformed');
      return;
    }
    if (fields.type === 'metadata') {
      closed = true;
      promised = numberIn(fields, 'records');
      return;
    }
    lines += 1;
    const record = recordOf(fields);
    if (record === undefined) {
      tally.skip(number, 'neither cidr nor asn', 'no_indicator');
    } else if (!entries.has(record.indicator)) {
      if (entries.size === MOST_ENTRIES) throw broken(`has more than ${MOST_ENTRIES} entries`);
      entries.add(record.indicator);
      add(record);
    }
  }

  yield* lineRecords(bytes, take, tally);
  if (!closed) throw broken('has no closing line: it was cut off, or is no DROP list in JSON');
  if (promised !== undefined && promised !== lines && promised !== entries.size) {
    throw broken(`has ${lines} entries where its closing line promises ${promised}`);
  }
}

function fieldsOf(line: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function recordOf(fields: Fields): RawIndicator | undefined {
  const cidr = textIn(fields, 'cidr');
  const asn = numberIn(fields, 'asn');
  if (cidr !== undefined) {
    const record: RawIndicator = { indicator: cidr, type: 'cidr' };
    const sblid = textIn(fields, 'sblid');
    if (sblid !== undefined) {
      record.ref = sblid;
      record.reference = `https://check.spamhaus.org/sbl/query/${encodeURIComponent(sblid)}`;
    }
    const context = contextOf({ rir: textIn(fields, 'rir') });
    return context === undefined ? record : { ...record, context };
  }
  if (asn === undefined) return undefined;
  const context = contextOf({
    as_name: textIn(fields, 'asname'),
    domain: textIn(fields, 'domain'),
    country: textIn(fields, 'cc'),
    rir: textIn(fields, 'rir'),
  });
  return { indicator: `AS${asn}`, type: 'asn', ...(context === undefined ? {} : { context }) };
}

function broken(what: string): TiplineError {
  return new TiplineError('FEED_CUT_OFF', `the list ${what}; it is read again with the next poll`, { retryable: true });
}
