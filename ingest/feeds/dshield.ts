import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { ipRange, parseCidr, parseIp } from '../../core/indicator/address.ts';
import { contextOf, numberIn, textIn } from '../formats/fields.ts';
import { lineRecords } from '../formats/line-records.ts';
import type { Tally } from '../tally.ts';
import { definePublishedList } from './published-list.ts';

/** The block list of DShield: the networks that attacked most of those who report to it. */
export const dshield = definePublishedList({
  type: 'dshield',
  url: 'https://feeds.dshield.org/block.txt',
  about: { url: 'Address of the recommended block list.', max_size: 'Cap on the list.' },
  maxSize: 16 * 1024 ** 2,
  read: blockRecords,
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
        tally.skip(number, 'start, end and netmask are no block of addresses', 'malformed');
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
