import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { typeFromAlias } from '../../../core/indicator/alias.ts';
import { canonicalise } from '../../../core/indicator/canonical.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { XmlTag } from '../xml-stream.ts';

/** Reads the tree of conditions. */
export interface Definition {
  open(tag: XmlTag): void;
  content(text: string): void;
  close(name: string): void;
  /** The document ends, perhaps before its time. */
  end(): void;
}

/** Conditions under one AND; what is beyond is composite without a look at it. */
const MOST_HELD = 10_000;
const FILE_DIGESTS: ReadonlySet<IndicatorType> = new Set(['md5', 'sha1', 'sha256', 'sha512']);
/** Types for which "contains" names the thing itself, when all of it is told. */
const WHOLE_WHEN_CONTAINED: ReadonlySet<IndicatorType> = new Set([
  'domain',
  'ip',
  'email',
  'md5',
  'sha1',
  'sha256',
  'sha512',
]);

interface Item {
  id: string | undefined;
  line: number;
  condition: string;
  negated: boolean;
  search: string;
  content: string;
}

/** One AND, with all that stands in it: how many conditions, and the records that wait to hear whether they are alone. */
interface Both {
  conditions: number;
  ofOneFile: boolean;
  held: RawIndicator[];
}

export function createDefinition(emit: (record: RawIndicator) => void, tally: Tally): Definition {
  /** The operators that are open, outermost first. */
  const operators: ('OR' | 'AND')[] = [];
  /** The outermost AND. */
  let both: Both | undefined;
  let item: Item | undefined;

  function finish(done: Item): void {
    if (both !== undefined) {
      both.conditions += 1;
      both.ofOneFile &&= done.search.startsWith('FileItem/') && !done.negated;
    }
    const record = recordOf(done);
    if (typeof record === 'string') {
      tally.skip(done.line, record, done.content === '' ? 'no_indicator' : 'unusable');
    } else if (both === undefined) emit(record);
    else if (both.held.length < MOST_HELD) both.held.push(record);
    else emit({ ...record, composite: true });
  }

  function release(): void {
    const done = both;
    both = undefined;
    if (done === undefined) return;
    for (const record of done.held) {
      const alone = done.conditions === 1 || (done.ofOneFile && isDigest(record));
      emit(alone ? record : { ...record, composite: true });
    }
  }

  return {
    open({ name, attributes, line }) {
      if (name === 'Indicator') {
        const operator = attributes.operator?.toUpperCase() === 'AND' ? 'AND' : 'OR';
        if (operator === 'AND' && both === undefined) both = { conditions: 0, ofOneFile: true, held: [] };
        operators.push(operator);
      } else if (name === 'IndicatorItem') {
        item = {
          id: attributes.id,
          line,
          condition: (attributes.condition ?? 'is').toLowerCase(),
          negated: attributes.negate?.toLowerCase() === 'true',
          search: '',
          content: '',
        };
      } else if (name === 'Context' && item !== undefined) item.search = attributes.search ?? '';
    },
    content(text) {
      if (item !== undefined) item.content = text;
    },
    close(name) {
      if (name === 'IndicatorItem' && item !== undefined) {
        finish(item);
        item = undefined;
      } else if (name === 'Indicator') {
        operators.pop();
        if (!operators.includes('AND')) release();
      }
    },
    end: release,
  };
}

function isDigest(record: RawIndicator): boolean {
  return FILE_DIGESTS.has(record.type as IndicatorType);
}

/** A record, or why the condition names no indicator. */
function recordOf({ id, condition, negated, search, content }: Item): RawIndicator | string {
  if (content === '') return `${printable(search, 60)} without a value`;
  const type = typeFromAlias(search);
  if (type === undefined) return `${printable(search, 60)} is no type of indicator that tipline knows`;
  if (negated || condition.endsWith('not')) return 'a condition that must not be met';
  const canonical = canonicalise(content, type);
  if (condition !== 'is' && !(condition === 'contains' && WHOLE_WHEN_CONTAINED.has(type)))
    return `a ${type} that ${printable(condition, 20)} "${printable(content, 60)}" is none by itself`;
  if (!canonical.ok) return `"${printable(content, 60)}": ${canonical.message}`;
  return { indicator: content, type: canonical.indicator.type, ...(id === undefined ? {} : { ref: id.slice(0, 200) }) };
}
