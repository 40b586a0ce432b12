import { formatCidr, formatIp, parsePrefix } from '../../../core/indicator/address.ts';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import { canonicalHostName } from '../../../core/indicator/domain.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { isHost } from '../../../core/indicator/prefix-index.ts';
import { LONGEST_PATTERN, MOST_PATTERNS, patternOf } from './patterns.ts';
import type { ListedRange } from './range-table.ts';
import type { WarningList } from './read-list.ts';
import { SHORTEST_SUBSTRING } from './substrings.ts';
import type { Listed } from './value-table.ts';

/** More is refused, by name: what is in memory must have an end. MISP has about 600,000 in all its lists. */
export const MOST_ENTRIES = 2_000_000;
/** Numbers of lists have 16 bits. */
export const MOST_LISTS = 10_000;

/** Entries sorted by how they are looked for; each goes with the number of its list. */
export interface Sorted {
  readonly lists: WarningList[];
  readonly exact: Listed[];
  readonly hosts: Listed[];
  readonly ranges: ListedRange[];
  readonly substrings: Listed[];
  readonly patterns: Listed[];
  count: number;
}

export function emptySorted(): Sorted {
  return { lists: [], exact: [], hosts: [], ranges: [], substrings: [], patterns: [], count: 0 };
}

/** Entries taken in one turn: long lists must not hold up the event loop. */
const AT_ONCE = 10_000;

/** Adds a list, some entries at a time; answers what of them cannot be used, each with file and entry. */
export function* addList(into: Sorted, list: WarningList): Generator<string[]> {
  const refusal = refusalOf(into, list);
  if (refusal !== undefined) {
    yield [refusal];
    return;
  }
  into.count += list.entries.length;
  const number = into.lists.push(list) - 1;
  for (let at = 0; at < list.entries.length; at += AT_ONCE) {
    yield list.entries.slice(at, at + AT_ONCE).flatMap((entry) => {
      const fault = addEntry(into, list, entry, number);
      return fault === undefined ? [] : [`${list.from}: entry ${JSON.stringify(entry.slice(0, 100))}: ${fault}`];
    });
  }
}

function refusalOf(into: Sorted, list: WarningList): string | undefined {
  if (into.lists.length === MOST_LISTS) return `${list.from}: left out: there are ${MOST_LISTS} lists already`;
  if (into.count + list.entries.length > MOST_ENTRIES)
    return `${list.from}: left out: with its ${list.entries.length} entries there would be more than ${MOST_ENTRIES}`;
  return undefined;
}

function addEntry(into: Sorted, { type }: WarningList, entry: string, number: number): string | undefined {
  switch (type) {
    case 'string':
      into.exact.push([exactOf(entry), number]);
      return undefined;
    case 'hostname': {
      const prefix = parsePrefix(entry);
      if (prefix !== undefined) {
        into.exact.push([isHost(prefix) ? formatIp(prefix.bytes) : formatCidr(prefix), number]);
        return undefined;
      }
      // a list may write `.example.org` for what is below a name, which a name stands for anyhow
      const host = canonicalHostName(entry.startsWith('.') ? entry.slice(1) : entry);
      if (host === undefined) return 'is no host name';
      into.hosts.push([host, number]);
      return undefined;
    }
    case 'cidr': {
      const prefix = parsePrefix(entry);
      if (prefix === undefined) return 'is neither an address nor a network such as 192.0.2.0/24';
      into.ranges.push([prefix, number]);
      return undefined;
    }
    case 'substring':
      if (entry.length < SHORTEST_SUBSTRING)
        return `has fewer than ${SHORTEST_SUBSTRING} characters, so it would match nearly anything`;
      into.substrings.push([entry, number]);
      return undefined;
    case 'regex':
      return addPattern(into, entry, number);
    default: {
      const never: never = type;
      return never;
    }
  }
}

/** As indicators are written, so that an entry meets the canonical value; text that is no indicator stays as it is. */
function exactOf(entry: string): string {
  const canonical = canonicalise(entry, inferType(entry));
  return canonical.ok ? canonical.indicator.value : entry;
}

function addPattern(into: Sorted, entry: string, number: number): string | undefined {
  if (entry.length > LONGEST_PATTERN) return `has more than ${LONGEST_PATTERN} characters`;
  if (into.patterns.length === MOST_PATTERNS)
    return `is left out: there are ${MOST_PATTERNS} regular expressions already`;
  try {
    into.patterns.push([patternOf(entry), number]);
    return undefined;
  } catch (error) {
    return `cannot be used: ${error instanceof Error ? error.message.slice(0, 160) : 'no regular expression'}`;
  }
}
