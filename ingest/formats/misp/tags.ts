import { isFields } from '../../../core/contract/fields.ts';
import { parseTlp, strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { listOf, textOf } from './fields.ts';

/** What the tags of an event or attribute say; each field is absent when they say nothing of it. */
export interface TagWords {
  /** All that did not become another field, as they are written. */
  tags?: string[];
  tlp?: Tlp;
  /** 0–100. */
  confidence?: number;
  malware?: string[];
  actors?: string[];
}

const MOST_TAGS = 500;
const MOST_KEPT = 64;
const TAG_LENGTH = 256;
/** `namespace:predicate="value"` (MISP taxonomies and galaxies) or without a value. */
const MACHINE_TAG = /^([^:="]{1,60}):([^="]{1,100})(?:="([^"]{0,200})")?$/;

/** Galaxies whose clusters are families of malware. */
const MALWARE = new Set([
  'malpedia',
  'tool',
  'ransomware',
  'rat',
  'banker',
  'stealer',
  'botnet',
  'backdoor',
  'exploit-kit',
  'cryptominers',
  'android',
  'mitre-malware',
  'mitre-enterprise-attack-malware',
  'mitre-mobile-attack-malware',
]);
const ACTORS = new Set([
  'threat-actor',
  'mitre-intrusion-set',
  'mitre-enterprise-attack-intrusion-set',
  'microsoft-activity-group',
  '360net-threat-actor',
]);

/** How sure each word of a scale is, 0–100; words that say "cannot be judged" are left out. */
const SCALES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'misp:confidence-level': {
    'completely-confident': 100,
    'usually-confident': 75,
    'fairly-confident': 50,
    'rarely-confident': 25,
    unconfident: 0,
  },
  'admiralty-scale:information-credibility': { '1': 100, '2': 75, '3': 50, '4': 25, '5': 0 },
  'admiralty-scale:source-reliability': { a: 100, b: 75, c: 50, d: 25, e: 0, g: 0 },
  // the middle of each range of ICD 203
  'estimative-language:likelihood-probability': {
    'almost-no-chance': 3,
    'very-unlikely': 12,
    unlikely: 32,
    'roughly-even-chance': 50,
    likely: 68,
    'very-likely': 88,
    'almost-certain': 97,
  },
  'estimative-language:confidence-in-analytic-judgment': { high: 85, moderate: 50, low: 20 },
};
/** Which scale is heard first. Of the two of the Admiralty the lower counts: a good source may pass on a rumour. */
const PRECEDENCE: readonly (readonly string[])[] = [
  ['misp:confidence-level'],
  ['admiralty-scale:information-credibility', 'admiralty-scale:source-reliability'],
  ['estimative-language:likelihood-probability', 'estimative-language:confidence-in-analytic-judgment'],
];

const NOTHING: TagWords = {};

/** Reads a `Tag` list (`[{name}]`), or the `EventTag` list of an index (`[{Tag: {name}}]`). */
export function readTags(value: unknown): TagWords {
  const names = tagNames(value);
  if (names.length === 0) return NOTHING;
  const plain: string[] = [];
  const galaxies: string[] = [];
  const malware: string[] = [];
  const actors: string[] = [];
  const scales = new Map<string, number>();
  let tlp: Tlp | undefined;
  for (const name of names) {
    const level = parseTlpTag(name);
    if (level !== undefined) {
      tlp = strictestTlp(tlp, level);
      continue;
    }
    const [, namespace = '', predicate = '', word] = MACHINE_TAG.exec(name) ?? [];
    const scale = `${namespace}:${predicate}`.toLowerCase();
    if (Object.hasOwn(SCALES, scale)) {
      const table = SCALES[scale] ?? {};
      const key = (word ?? '').toLowerCase();
      const sure = Object.hasOwn(table, key) ? table[key] : undefined;
      if (sure !== undefined) scales.set(scale, Math.min(sure, scales.get(scale) ?? 100));
      continue;
    }
    if (namespace !== 'misp-galaxy') {
      plain.push(name);
    } else if (word !== undefined && MALWARE.has(predicate)) {
      malware.push(clusterName(word));
    } else {
      if (word !== undefined && ACTORS.has(predicate)) actors.push(clusterName(word));
      galaxies.push(name);
    }
  }
  // techniques come by the dozen and are the longest: they must not push out what an analyst wrote
  const tags = [...plain, ...galaxies].slice(0, MOST_KEPT);
  const confidence = confidenceOf(scales);
  return {
    ...(tags.length === 0 ? {} : { tags }),
    ...(tlp === undefined ? {} : { tlp }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(malware.length === 0 ? {} : { malware: malware.slice(0, MOST_KEPT) }),
    ...(actors.length === 0 ? {} : { actors: actors.slice(0, 8) }),
  };
}

/** The names in a list of tags. */
export function tagNames(value: unknown): string[] {
  const names: string[] = [];
  for (const each of listOf(value).slice(0, MOST_TAGS)) {
    const tag = isFields(each) && isFields(each.Tag) ? each.Tag : each;
    const name = textOf(isFields(tag) ? tag.name : tag, TAG_LENGTH);
    if (name !== '') names.push(name);
  }
  return names;
}

/** The words of an attribute before those of its event; the strictest TLP; the attribute's own confidence if it has one. */
export function joinTags(own: TagWords, event: TagWords): TagWords {
  if (event === NOTHING) return own;
  if (own === NOTHING) return event;
  const tlp = strictestTlp(own.tlp, event.tlp);
  const confidence = own.confidence ?? event.confidence;
  const tags = union(own.tags, event.tags);
  const malware = union(own.malware, event.malware);
  const actors = union(own.actors, event.actors);
  return {
    ...(tags === undefined ? {} : { tags }),
    ...(tlp === undefined ? {} : { tlp }),
    ...(confidence === undefined ? {} : { confidence }),
    ...(malware === undefined ? {} : { malware }),
    ...(actors === undefined ? {} : { actors }),
  };
}

function union(a: string[] | undefined, b: string[] | undefined): string[] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return [...new Set([...a, ...b])].slice(0, MOST_KEPT);
}

/** `tlp:ex:chr` and other words behind `tlp:` are no level: they stay tags. */
function parseTlpTag(name: string): Tlp | undefined {
  return /^tlp:/i.test(name) ? parseTlp(name) : undefined;
}

function confidenceOf(scales: ReadonlyMap<string, number>): number | undefined {
  for (const names of PRECEDENCE) {
    const told = names.flatMap((name) => scales.get(name) ?? []);
    if (told.length > 0) return Math.min(...told);
  }
  return undefined;
}

/** Without the ATT&CK number behind it: `Emotet - S0367`. */
function clusterName(word: string): string {
  return word.replace(/ - [A-Z]{1,2}\d{4}(\.\d{3})?$/, '').trim();
}
