import { z } from 'zod';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { ipRange, parseCidr, parseIp } from '../../core/indicator/address.ts';
import { size } from '../../core/process/config/sections.ts';
import { defineFeed } from '../feed.ts';
import { contextOf, numberIn, textIn } from '../formats/fields.ts';
import { lineRecords } from '../formats/line-records.ts';
import { listText } from '../formats/text.ts';
import { wholeListKeys } from '../settings.ts';
import type { Tally } from '../tally.ts';
import { pollWholeList } from './whole-list.ts';

const schema = z.strictObject({
  ...wholeListKeys,
  type: z.literal('dshield'),
  url: z
    .url({ protocol: /^https?$/ })
    .default('https://feeds.dshield.org/block.txt')
    .describe('Address of the recommended block list.'),
  max_size: size.default(16 * 1024 ** 2).describe('Cap on the list.'),
});

/** The block list of DShield: the networks that attacked most of those who report to it. */
export const dshield = defineFeed({
  type: 'dshield',
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
        return blockRecords(text, tally);
      },
    }),
});

const COLUMNS = ['start', 'end', 'netmask', 'attacks', 'name', 'country', 'email'];

/** Tabs between, a header row, and a range that is told twice: by its ends and by the length of its prefix. */
function blockRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  return lineRecords(
    bytes,
    (line, number, add) => {
      const cells = line.split('\t').map((cell) => cell.trim());
      const [start = '', end = '', length = ''] = cells;
      if (line.trim() === '' || line.startsWith('#') || start.toLowerCase() === 'start') return;
      const block = blockOf(start, end, length);
      if (block === undefined) {
        tally.skip(number, 'start, end and netmask are no block of addresses');
        return;
      }
      const fields = Object.fromEntries(COLUMNS.map((name, index) => [name, cells[index]]));
      const context = contextOf({
        attacks: numberIn(fields, 'attacks'),
        name: textIn(fields, 'name'),
        country: textIn(fields, 'country'),
      });
      add({ indicator: block, type: 'cidr', ...(context === undefined ? {} : { context }) });
    },
    tally,
  );
}

/** Undefined unless all three say the same: a wrong column would otherwise block a network that nobody named. */
function blockOf(start: string, end: string, length: string): string | undefined {
  const text = `${start}/${length}`;
  const prefix = parseCidr(text);
  const [first, last] = [parseIp(start), parseIp(end)];
  if (prefix === undefined || first === undefined || last === undefined) return undefined;
  const range = ipRange(prefix);
  return Buffer.from(range.first).equals(first) && Buffer.from(range.last).equals(last) ? text : undefined;
}
