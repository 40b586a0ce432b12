import type { Fields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { textIn, timeIn } from '../formats/fields.ts';
import { csvRows, rowRecords } from '../formats/rows.ts';
import { definePublishedList } from './published-list.ts';

/**
 * SSLBL of abuse.ch: SHA-1 fingerprints of certificates that malware and its servers show. Its other list, of addresses, has not been kept
 * since January 2025 and is not read.
 */
export const sslbl = definePublishedList({
  type: 'sslbl',
  url: 'https://sslbl.abuse.ch/blacklist/sslblacklist.csv',
  about: { url: 'Address of the list of certificates in CSV.', max_size: 'Cap on the list.' },
  maxSize: 64 * 1024 ** 2,
  read: (text, tally) => rowRecords(csvRows(text, TABLE, tally), recordsOf, tally),
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
