import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { canonicalIp, formatIp, isIpv4, parseIp, parsePrefix } from '../../core/indicator/address.ts';
import { printable } from '../printable.ts';
import type { Tally } from '../tally.ts';
import { COMMENT_MARKS, isComment, withoutTrailingComment } from './comments.ts';
import { lineRecords } from './line-records.ts';

/** Sets of one file whose kind is remembered. */
const MOST_SETS = 1000;
/** The head of a list of FireHOL's, `# Category        : attacks`. */
const HEAD = /^#\s*(Category|Maintainer URL|List source URL)\s*:\s*(\S.{0,300})$/;

/**
 * Address sets: what `ipset save` writes (`create`, `add NAME 192.0.2.1 comment "…"`), and the lists of bare addresses, blocks and ranges that
 * FireHOL publishes as .ipset and .netset, whose head tells a category and where the list is from. Entries with `nomatch` are exceptions; those of a set of
 * pairs (hash:net,net, hash:ip,port) say less than that the address is bad, and stand as composite. A range becomes blocks.
 */
export function ipsetRecords(bytes: AsyncIterable<Buffer>, tally: Tally): AsyncGenerator<RawIndicator[]> {
  const pairs = new Set<string>();
  const head: Pick<RawIndicator, 'categories' | 'reference'> = {};

  function read(text: string): readonly RawIndicator[] | string {
    const set = /^(?:add|-A|--add)\s/.test(text)
      ? readSetEntry(text)
      : { name: '', records: addressesOf(text.split(/\s/)[0] ?? '') };
    if (typeof set === 'string') return set;
    const { name, records, description } = set;
    if (records === undefined) return `"${printable(text, 60)}" names no address`;
    return records.map((record) => ({
      ...record,
      ...head,
      ...(description === undefined ? {} : { description }),
      ...(pairs.has(name) ? { composite: true } : {}),
    }));
  }

  return lineRecords(
    bytes,
    (line, number, add) => {
      if (line.trim() === '') return;
      if (isComment(line.trimStart(), COMMENT_MARKS)) {
        readHead(line.trim(), head);
        return;
      }
      const text = withoutTrailingComment(line, COMMENT_MARKS).trim();
      const [verb, name, kind] = text.split(/\s+/);
      if (verb === 'create' || verb === '-N') {
        if (name !== undefined && kind?.includes(',') === true && pairs.size < MOST_SETS) pairs.add(name);
        return;
      }
      if (/^(?:COMMIT|flush|destroy|swap|rename)\b/.test(text)) return;
      const records = read(text);
      if (typeof records === 'string') tally.skip(number, records, 'no_indicator');
      else for (const record of records) add(record);
    },
    tally,
  );
}

export interface SetEntry {
  name: string;
  records: readonly RawIndicator[] | undefined;
  description?: string;
}

/** `add NAME 192.0.2.1,tcp:80 timeout 600 comment "…"`: the address is what stands before the first comma. */
export function readSetEntry(text: string): SetEntry | string {
  const [, name = '', entry = '', rest = ''] = /^\S+\s+(\S+)\s+(\S+)\s*(.*)$/.exec(text) ?? [];
  if (/(?:^|\s)nomatch(?:\s|$)/.test(rest)) return `"${printable(entry, 40)}" is an exception (nomatch)`;
  const [, description] = /(?:^|\s)comment "([^"]{1,500})"/.exec(rest) ?? [];
  const records = addressesOf(entry.split(',')[0] ?? '');
  return { name, records, ...(description === undefined ? {} : { description }) };
}

/** True for what `ipset save` writes. */
export function isSetLine(line: string): boolean {
  return /^(?:create|add|-N|-A) \S+ \S/.test(line);
}

/** An address, a block, or the blocks of a range; undefined for what is none. */
export function addressesOf(text: string): RawIndicator[] | undefined {
  if (canonicalIp(text) !== undefined) return [{ indicator: text, type: 'ip' }];
  if (parsePrefix(text) !== undefined) return [{ indicator: text, type: 'cidr' }];
  const [from, to, more] = text.split('-');
  if (from === undefined || to === undefined || more !== undefined || !isIpv4(from) || !isIpv4(to)) return undefined;
  return blocksBetween(numberOf(from), numberOf(to));
}

/** The fewest blocks that hold exactly the IPv4 addresses of a range: 62 at most. */
function blocksBetween(from: number, to: number): RawIndicator[] | undefined {
  if (from > to) return undefined;
  const blocks: RawIndicator[] = [];
  for (let at = from; at <= to; ) {
    let size = 1;
    while (at % (size * 2) === 0 && at + size * 2 - 1 <= to) size *= 2;
    const address = formatIp(Uint8Array.of(at >>> 24, at >>> 16, at >>> 8, at));
    const length = 32 - Math.log2(size);
    blocks.push(
      length === 32 ? { indicator: address, type: 'ip' } : { indicator: `${address}/${length}`, type: 'cidr' },
    );
    at += size;
  }
  return blocks;
}

function numberOf(address: string): number {
  return (parseIp(address) ?? new Uint8Array(4)).reduce((sum, byte) => sum * 256 + byte, 0);
}

function readHead(comment: string, head: Pick<RawIndicator, 'categories' | 'reference'>): void {
  const [, name, told = ''] = HEAD.exec(comment) ?? [];
  if (name === 'Category') head.categories = [told.trim()];
  else if (name !== undefined && /^https?:\/\//.test(told)) head.reference ??= told.trim();
}
