import type { Fields } from '../../../core/contract/fields.ts';
import { textIn } from '../fields.ts';
import { type PatternLeaf, readPattern } from '../stix-pattern/read.ts';
import { baseOf, idOf, marksOf, phasesOf } from './common.ts';
import type { Base, Leaf, Statement } from './draft.ts';
import { timeOf } from './time.ts';

const PATTERN_LENGTH = 500;

/**
 * The language of the pattern when it is not STIX's own (yara, sigma, snort, suricata, pcre, …): such a pattern names no indicator, it is a
 * rule. STIX 2.0 knows no other language and has no field for it.
 */
export function otherLanguageOf(object: Fields): string | undefined {
  const language = textIn(object, 'pattern_type')?.toLowerCase();
  return language === undefined || language === 'stix' ? undefined : language;
}

/** `valid_from` says from when the indicator may be used, not when the threat was seen. */
export function indicatorOf(id: string | undefined, object: Fields, number: number): Statement {
  const { leaves, fault, pattern } = patternOf(object);
  const base: Base = baseOf(object, {
    kill_chain: phasesOf(object),
    pattern,
  });
  const start = timeOf(object, 'valid_from');
  if (start !== undefined) base.valid_from = start;
  const end = timeOf(object, 'valid_until');
  if (end !== undefined) base.valid_until = end;
  const by = idOf(object, 'created_by_ref');
  return {
    kind: 'indicator',
    ref: id ?? '',
    leaves,
    base,
    marks: marksOf(object),
    ...(by === undefined ? {} : { by }),
    ...(fault === undefined ? {} : { fault }),
    number,
  };
}

interface Pattern {
  leaves: Leaf[];
  fault?: string;
  /** When it says more than its leaves. */
  pattern?: string;
}

function patternOf({ pattern }: Fields): Pattern {
  if (typeof pattern !== 'string') return { leaves: [], fault: 'an indicator without a pattern' };
  const reading = readPattern(pattern);
  if (!reading.ok) {
    return { leaves: [], fault: `its pattern breaks at character ${reading.position + 1}: ${reading.message}` };
  }
  if (reading.leaves.length === 0) return { leaves: [], fault: 'its pattern compares nothing that can be looked for' };
  const leaves = reading.leaves.map(leafOf);
  return reading.composite || reading.unusable > 0 ? { leaves, pattern: pattern.slice(0, PATTERN_LENGTH) } : { leaves };
}

function leafOf({ type = '', value, composite, port, file }: PatternLeaf): Leaf {
  if (port !== undefined) return [type, value, composite ? true : null, { port }];
  if (file !== undefined) return [type, value, composite ? true : null, { file }];
  return composite ? [type, value, true] : [type, value];
}
