import type { Fields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { contextOf, numberIn, textIn, timeIn } from '../formats/fields.ts';
import { exportRows, rowRecords } from '../formats/rows.ts';
import { definePublishedList } from './published-list.ts';

/** Feodo Tracker of abuse.ch: servers that command botnets. After a takedown the list may be empty, and that is no fault. */
export const feodo = definePublishedList({
  type: 'feodo',
  url: 'https://feodotracker.abuse.ch/downloads/ipblocklist.json',
  about: { url: 'Address of the list, in JSON or CSV.', max_size: 'Cap on the list.' },
  maxSize: 64 * 1024 ** 2,
  mayBeEmpty: true,
  read: (text, tally) => rowRecords(exportRows(text, LIST, tally), recordsOf, tally),
});

const LIST = {
  csv: {
    columns: ['first_seen_utc', 'dst_ip', 'dst_port', 'c2_status', 'last_online', 'malware'],
    surely: 'dst_ip',
  },
  json: { at: (path: readonly unknown[]) => (path.length === 0 ? ('into' as const) : ('whole' as const)) },
};

function recordsOf(fields: Fields): RawIndicator[] | string {
  const indicator = textIn(fields, 'ip_address', 'dst_ip');
  if (indicator === undefined) return 'no ip_address';
  const record: RawIndicator = { indicator, type: 'ip', categories: ['botnet_cc'] };
  const first = timeIn(fields, 'first_seen', 'first_seen_utc');
  if (first !== undefined) record.first_seen = first;
  const status = textIn(fields, 'status', 'c2_status')?.toLowerCase();
  // last_online is a date without a clock: of a server that answers now it would make one that was seen at midnight
  const last = status === 'online' ? undefined : (timeIn(fields, 'last_online') ?? first);
  if (last !== undefined) record.last_seen = last;
  if (status === 'online' || status === 'offline') record.tags = [status];
  const malware = textIn(fields, 'malware');
  if (malware !== undefined) record.malware = [malware];
  const port = numberIn(fields, 'port', 'dst_port');
  if (port !== undefined) record.port = port;
  const context = contextOf({
    hostname: textIn(fields, 'hostname'),
    as_number: numberIn(fields, 'as_number'),
    as_name: textIn(fields, 'as_name'),
    country: textIn(fields, 'country'),
  });
  if (context !== undefined) record.context = context;
  return [record];
}
