import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { canonicalIp, parsePrefix, readDecimal } from '../../core/indicator/address.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { COMMENT_MARKS, isComment, withoutTrailingComment } from './comments.ts';
import { readSetEntry } from './ipset.ts';
import { lineRecords } from './line-records.ts';

export interface IprepOptions {
  /** What the categories' numbers mean: the category file of Suricata, `number,short name,description`. */
  categories?: ReadonlyMap<number, string>;
}

/** The highest reputation; 0 means none (Suricata's user guide, "IP Reputation Config"). */
const HIGHEST_SCORE = 127;
const MOST_CATEGORY = 9999;

/**
 * IP reputation as Snort and Suricata read it: `address,category,score`, where the address may be a block. Lists of bare addresses and
 * what `ipset save` writes are read as well. An address may have a score in several categories: each is a
 * statement of its own, with the category as its reference.
 */
export function iprepRecords(
  bytes: AsyncIterable<Buffer>,
  options: IprepOptions,
  tally: Tally,
): AsyncGenerator<RawIndicator[]> {
  return lineRecords(
    bytes,
    (line, number, add) => {
      if (line.trim() === '' || isComment(line.trimStart(), COMMENT_MARKS)) return;
      const text = withoutTrailingComment(line, COMMENT_MARKS).trim();
      const entry = text.startsWith('add ') ? readSetEntry(text) : undefined;
      if (typeof entry === 'object') {
        if (entry.records === undefined) tally.skip(number, `"${printable(text, 40)}" names no address`);
        else for (const each of entry.records) add(each);
        return;
      }
      const record = entry ?? readReputation(text, options);
      if (typeof record === 'object') add(record);
      else if (record !== undefined) tally.skip(number, record);
      else if (!isSetHead(text))
        tally.skip(number, `"${printable(text, 40)}" does not begin with an address`, 'no_indicator');
    },
    tally,
  );
}

/** A record, the reason for none, or undefined when the line is of another kind. */
function readReputation(text: string, { categories }: IprepOptions): RawIndicator | string | undefined {
  const [address = '', category, score] = text.split(',').map((cell) => cell.trim());
  const record = addressRecord(address);
  if (record === undefined || category === undefined) return record;
  const number = readDecimal(category, 0, category.length, MOST_CATEGORY);
  if (number < 0) return `"${printable(category, 40)}" is no number of a category`;
  const reputation = readDecimal(score ?? '', 0, score?.length ?? 0, HIGHEST_SCORE);
  if (reputation < 0) return `"${printable(score ?? '', 40)}" is no score from 1 to ${HIGHEST_SCORE}`;
  if (reputation === 0) return 'a score of 0 says nothing against an address';
  record.ref = `category-${number}`;
  record.confidence = Math.round((reputation / HIGHEST_SCORE) * 100);
  const name = categories?.get(number);
  if (name !== undefined) record.categories = [name];
  record.context = { category: number, score: reputation };
  return record;
}

function addressRecord(address: string): RawIndicator | undefined {
  if (canonicalIp(address) !== undefined) return { indicator: address, type: 'ip' };
  return parsePrefix(address) === undefined ? undefined : { indicator: address, type: 'cidr' };
}

function isSetHead(text: string): boolean {
  return text === 'COMMIT' || text.startsWith('create ');
}
