import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { parseTlp, strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { percentIn, textIn, wordsIn } from '../fields.ts';
import type { Base } from './draft.ts';

const MOST_REFS = 25_000;
const MOST_MARKS = 64;
const MOST_CUSTOM = 8;
const ID_LENGTH = 256;
const NAME_LENGTH = 300;
const DESCRIPTION_LENGTH = 2000;
const CONTEXT_LENGTH = 500;

/** OpenCTI: of indicators, and of observables. */
const SCORE_EXTENSIONS = [
  'extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba',
  'extension-definition--f93e2c80-4231-4f9a-af8b-95c9bd566a82',
];

/** The vocabulary of `indicator_types`; STIX 2.0 has it in `labels`. */
const INDICATOR_TYPES = new Set([
  'anomalous-activity',
  'anonymization',
  'attribution',
  'benign',
  'compromised',
  'malicious-activity',
]);

/** Anomali ThreatStream writes its judgement into labels. */
const THREATSTREAM = /^threatstream-(severity|confidence)-([a-z-]{1,20}|\d{1,3})$/;
const SEVERITIES: ReadonlyMap<string, number> = new Map([
  ['very-high', 95],
  ['high', 85],
  ['medium', 60],
  ['low', 30],
]);

/** The words of the None / Low / Med / High scale (STIX 2.1, appendix A); a few producers write them instead of the number. */
const CONFIDENCES: ReadonlyMap<string, number> = new Map([
  ['none', 0],
  ['low', 15],
  ['med', 50],
  ['medium', 50],
  ['high', 85],
]);

/** What indicators and observables tell alike. `context` is the object's own, to which the caller may add. */
export function baseOf(object: Fields, context: Readonly<Record<string, string | undefined>>): Base {
  const words = wordsOf(object);
  const severity = scoreOf(object) ?? words.severity;
  const confidence = confidenceOf(object) ?? words.confidence;
  const description = describe(
    textIn(object, 'name'),
    textIn(object, 'description') ?? textIn(object, 'x_opencti_description'),
  );
  const { reference, others } = referencesOf(object);
  const all = customOf(object);
  addTold(all, context);
  addTold(all, { external_ids: joined(others), granular_markings: granularOf(object) });
  const base: Base = {};
  if (description !== undefined) base.description = description;
  if (confidence !== undefined) base.confidence = confidence;
  if (severity !== undefined) base.severity = severity;
  if (words.tags.length > 0) base.tags = words.tags;
  if (words.categories.length > 0) base.categories = words.categories;
  if (words.tlp !== undefined) base.tlp = words.tlp;
  if (reference !== undefined) base.reference = reference;
  if (hasAny(all)) base.context = all;
  return base;
}

/** Adds what is not undefined. */
export function addTold(to: Record<string, unknown>, told: Readonly<Record<string, unknown>>): void {
  for (const name in told) if (told[name] !== undefined) to[name] = told[name];
}

export function hasAny(fields: object): boolean {
  for (const _ in fields) return true;
  return false;
}

export function idOf(object: Fields, name: string): string | undefined {
  const id = object[name];
  return isId(id) ? id : undefined;
}

export function idsOf(value: unknown): string[] {
  if (!Array.isArray(value)) return [];
  const ids = value.slice(0, MOST_REFS).filter(isId);
  return ids.length < 2 ? ids : [...new Set(ids)];
}

/** `type--uuid` as a rule; nothing that would break a line, or be taken for a value. */
const ID = /^[A-Za-z0-9][\x21-\x7e]*$/;

function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= ID_LENGTH && ID.test(value);
}

/**
 * The marking definitions that apply, also those of single fields: the record holds nearly all fields, and a mark that is too strict
 * does no harm, one that is too weak leaks.
 */
export function marksOf(object: Fields): string[] {
  const marks = idsOf(object.object_marking_refs);
  if (!Array.isArray(object.granular_markings)) return marks.slice(0, MOST_MARKS);
  const granular: unknown[] = object.granular_markings.slice(0, MOST_MARKS);
  const inside = granular.flatMap((each) => (isFields(each) ? (idOf(each, 'marking_ref') ?? []) : []));
  return [...new Set([...marks, ...inside])].slice(0, MOST_MARKS);
}

export function joined(words: readonly string[]): string | undefined {
  if (words.length < 2) return words[0]?.slice(0, CONTEXT_LENGTH);
  return [...new Set(words)].join(', ').slice(0, CONTEXT_LENGTH);
}

export function phasesOf(object: Fields): string | undefined {
  const phases = Array.isArray(object.kill_chain_phases) ? object.kill_chain_phases.slice(0, 20) : [];
  const names = phases.flatMap((phase) => (isFields(phase) ? (textIn(phase, 'phase_name') ?? []) : []));
  return joined(names);
}

type Word =
  | { kind: 'type' | 'word' }
  | { kind: 'severity' | 'confidence'; value: number | undefined }
  | { kind: 'tlp'; tlp: Tlp | undefined };

interface Words {
  tags: string[];
  categories: string[];
  tlp: Tlp | undefined;
  severity: number | undefined;
  confidence: number | undefined;
}

// the words of feeds are few and repeat for every object
let judged = new Map<string, Word>();
const MOST_JUDGED = 10_000;

function wordsOf(object: Fields): Words {
  const words: Words = { tags: [], categories: [], tlp: undefined, severity: undefined, confidence: undefined };
  if (object.indicator_types !== undefined) sortWords(wordsIn(object, 'indicator_types'), words, words.categories);
  if (object.labels !== undefined) sortWords(wordsIn(object, 'labels'), words, words.tags);
  return words;
}

function sortWords(list: readonly string[], words: Words, rest: string[]): void {
  for (const text of list) {
    const word = judge(text);
    switch (word.kind) {
      case 'type':
        words.categories.push(text);
        break;
      case 'word':
        rest.push(text);
        break;
      case 'severity':
        words.severity = word.value ?? words.severity;
        break;
      case 'confidence':
        words.confidence = word.value ?? words.confidence;
        break;
      case 'tlp':
        words.tlp = strictestTlp(words.tlp, word.tlp);
        break;
      default:
        word satisfies never;
    }
  }
}

function judge(text: string): Word {
  let word = judged.get(text);
  if (word === undefined) {
    word = judgeAnew(text);
    if (judged.size >= MOST_JUDGED) judged = new Map();
    if (text.length < 200) judged.set(text, word);
  }
  return word;
}

function judgeAnew(text: string): Word {
  const [, what, value = ''] = THREATSTREAM.exec(text) ?? [];
  if (what === 'severity') return { kind: 'severity', value: SEVERITIES.get(value) };
  if (what === 'confidence') return { kind: 'confidence', value: percentIn({ value }, 'value') };
  if (/^tlp[:_ -]/i.test(text)) return { kind: 'tlp', tlp: parseTlp(text) };
  return { kind: INDICATOR_TYPES.has(text.toLowerCase()) ? 'type' : 'word' };
}

function confidenceOf(object: Fields): number | undefined {
  const { confidence } = object;
  if (typeof confidence === 'string') {
    const word = CONFIDENCES.get(confidence.trim().toLowerCase());
    if (word !== undefined) return word;
  }
  return percentIn(object, 'confidence');
}

/** OpenCTI's score says how bad it is, beside a confidence of its own: it is a severity. */
function scoreOf(object: Fields): number | undefined {
  const { extensions } = object;
  if (isFields(extensions)) {
    for (const id of SCORE_EXTENSIONS) {
      const extension = extensions[id];
      const score = isFields(extension) ? percentIn(extension, 'score') : undefined;
      if (score !== undefined) return score;
    }
  }
  return percentIn(object, 'x_opencti_score');
}

function describe(name: string | undefined, told: string | undefined): string | undefined {
  const title = name?.slice(0, NAME_LENGTH);
  const text =
    title === undefined || told === undefined || told.startsWith(title) ? (told ?? title) : `${title}: ${told}`;
  return text?.slice(0, DESCRIPTION_LENGTH);
}

/** The first link to a page, and what other sources call it. */
function referencesOf(object: Fields): { reference: string | undefined; others: string[] } {
  let reference: string | undefined;
  const others: string[] = [];
  const list = Array.isArray(object.external_references) ? object.external_references.slice(0, 50) : [];
  for (const each of list) {
    if (!isFields(each)) continue;
    const url = textIn(each, 'url');
    if (reference === undefined && url !== undefined && /^https?:\/\//i.test(url)) reference = url;
    const id = textIn(each, 'external_id');
    if (id !== undefined && others.length < 8) others.push(`${textIn(each, 'source_name') ?? ''} ${id}`.trim());
  }
  return { reference, others };
}

/** Fields that the producer added to the format, as far as they are single values. */
function customOf(object: Fields): Record<string, unknown> {
  const custom: Record<string, unknown> = {};
  let left = MOST_CUSTOM;
  for (const name in object) {
    if (!name.startsWith('x_') || name === 'x_opencti_score' || name === 'x_opencti_description') continue;
    const value = object[name];
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') continue;
    custom[name] = typeof value === 'string' ? value.slice(0, CONTEXT_LENGTH) : value;
    left -= 1;
    if (left === 0) break;
  }
  return custom;
}

function granularOf({ granular_markings: told }: Fields): string | undefined {
  if (!Array.isArray(told)) return undefined;
  const list: unknown[] = told.slice(0, MOST_MARKS);
  const marked = list.flatMap((each) => {
    if (!isFields(each)) return [];
    const selectors = Array.isArray(each.selectors) ? each.selectors.filter((one) => typeof one === 'string') : [];
    const mark = textIn(each, 'marking_ref', 'lang');
    return mark === undefined ? [] : [`${selectors.join(' ')}: ${mark}`];
  });
  return joined(marked);
}
