import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { size } from '../../core/process/config/sections.ts';
import { defineFeed } from '../feed.ts';
import { type Fields, textIn, timeIn } from '../formats/fields.ts';
import { csvRows, rowRecords } from '../formats/rows.ts';
import { listText } from '../formats/text.ts';
import { wholeListKeys } from '../settings.ts';
import { pollWholeList } from './whole-list.ts';

const schema = z.strictObject({
  ...wholeListKeys,
  type: z.literal('sslbl'),
  url: z
    .url({ protocol: /^https?$/ })
    .default('https://sslbl.abuse.ch/blacklist/sslblacklist.csv')
    .describe('Address of the list of certificates in CSV.'),
  max_size: size.default(64 * 1024 ** 2).describe('Cap on the list.'),
});

/**
 * SSLBL of abuse.ch: SHA-1 fingerprints of certificates that malware and its servers show. Its other list, of addresses, has not been kept
 * since January 2025 and is not read.
 */
export const sslbl = defineFeed({
  type: 'sslbl',
  schema,
  secrets: [],
  open: ({ url, every, max_size: maxBytes }, { fetcher, fingerprint }) =>
    pollWholeList({
      every,
      fingerprint,
      url,
      snapshot: true,
      fetch: (validators, { signal }) => fetcher.get({ url, validators, maxBytes, signal }),
      read(answer, { tally }) {
        const text = listText(answer.bytes, { contentType: answer.contentType, allowHtmlType: false });
        return rowRecords(csvRows(text, TABLE, tally), recordsOf, tally);
      },
    }),
});

const TABLE = { columns: ['listingdate', 'sha1', 'listingreason'], surely: 'sha1' };

/** `Dridex C&C`, `AsyncRAT C&C`, `Malware distribution`: what it does stands behind the name, if there is one. */
const ROLES: readonly (readonly [ending: RegExp, category: string])[] = [
  [/\s*\bC&(?:amp;)?C$/i, 'c2'],
  [/\s*\bmalware distribution$/i, 'malware'],
];

function recordsOf(fields: Fields): RawIndicator[] | string {
  const indicator = textIn(fields, 'sha1');
  if (indicator === undefined) return 'no fingerprint';
  const record: RawIndicator = { indicator, type: 'x509' };
  const first = timeIn(fields, 'listingdate');
  if (first !== undefined) record.first_seen = first;
  const reason = textIn(fields, 'listingreason');
  if (reason === undefined) return [record];
  record.description = reason;
  for (const [ending, category] of ROLES) {
    if (!ending.test(reason)) continue;
    record.categories = [category];
    const name = reason.replace(ending, '').trim();
    if (name !== '') record.malware = [name];
  }
  return [record];
}
