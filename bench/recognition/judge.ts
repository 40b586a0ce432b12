import { extname } from 'node:path';
import { parse } from 'csv-parse/sync';
import { isVagueAlias, typeFromAlias } from '../../core/indicator/alias.ts';
import { canonicalise } from '../../core/indicator/canonical.ts';

/** What a document says of itself, read without any of tipline's readers: `type value` in canonical form. */
export interface Judgement {
  /** By what the types were told. */
  by: string;
  expected: ReadonlySet<string>;
  /** Values under a type that they are not of, and what else nobody would call a mistake to take. */
  admissible: ReadonlySet<string>;
}

const TYPE_NAMES = /^(?:type|indicator_?\s?type|ioc_?type|entity_type|observable_types?|indicator)$/i;
const VALUE_NAMES = /^(?:value|data|ioc|ioc_value|indicator|name)\s*$/i;
const DIGESTS: Readonly<Record<string, string>> = { '.md5': 'md5', '.sha1': 'sha1', '.sha256': 'sha256' };
const BARE_WORDS = /^(?:URL|Host|SHA256|SHA1|MD5|IP|Domain|Email)$/i;

/** Undefined when nothing in the document tells the types of what it names. */
export function judge(path: string, text: string): Judgement | undefined {
  const digest = DIGESTS[extname(path)];
  if (digest !== undefined) return ofLines(`its extension`, text, digest);
  if (/<(?:ioc|OpenIOC)[\s>]/.test(text.slice(0, 20_000))) return ofOpenIoc(text);
  if (/^#.*Maltrail developers/m.test(text.slice(0, 300))) return ofLines('trails, one a line', text, undefined);
  if (/^(?:!|\|\||#|\s)/.test(text) && /^\|\|[^\s^]+\^$/m.test(text))
    return ofPattern('adblock', text, /^\|\|([^\s^$]+)\^$/gm);
  if (/^address=\/[^/]+\/#?$/m.test(text)) return ofPattern('dnsmasq', text, /^address=\/([^/\s]+)\/#?$/gm);
  if (/^0\.0\.0\.0 \S/m.test(text)) return ofPattern('hosts', text, /^0\.0\.0\.0 (\S+)/gm);
  return extname(path).toLowerCase().startsWith('.csv') ? ofTable(text) : undefined;
}

function ofTable(text: string): Judgement | undefined {
  let rows: string[][];
  try {
    rows = parse(text, { bom: true, relax_column_count: true, relax_quotes: true, skip_empty_lines: true });
  } catch {
    return undefined;
  }
  const [first = []] = rows;
  const names = first.map((name) => name.trim());
  const types = names.findIndex((name) => TYPE_NAMES.test(name));
  const typeAt = ofSekoia(names) ?? types;
  const valueAt = names.findIndex((name, at) => at !== typeAt && VALUE_NAMES.test(name));
  if (typeAt !== -1 && valueAt !== -1)
    return ofPairs('columns of type and value', rows.slice(1), typeAt, valueAt, names.indexOf('to_ids'));
  if (rows.length > 0 && rows.every((row) => row.length >= 2 && BARE_WORDS.test(row[0]?.trim() ?? '')))
    return ofPairs('types in front, no header', rows, 0, 1, -1);
  const columns = names.flatMap((name, at) =>
    /^(?:url|sha256|sha1|md5)$/i.test(name) ? [{ at, type: name.toLowerCase() }] : [],
  );
  if (columns.length === 0) return undefined;
  const others = names.flatMap((name, at) => (/c2|c&c|domain|resolution|host|server|ur[il]/i.test(name) ? [at] : []));
  // anything may be the name of a mutex
  const mutexes = names.flatMap((name, at) => (/^mutex(?:es)?$/i.test(name) ? [at] : []));
  const pairs = columns.flatMap(({ at, type }) => rows.slice(1).map((row) => [type, row[at] ?? '']));
  const named = ofPairs('columns named by their type', pairs, 0, 1, -1);
  const besides = rows.flatMap((row) => others.flatMap((at) => (row[at] ?? '').split(/[\s,;]+/)));
  const locks = rows.flatMap((row) => mutexes.map((at) => row[at] ?? ''));
  return {
    ...named,
    admissible: new Set([
      ...named.admissible,
      ...ofValues('', besides, undefined).expected,
      ...ofValues('', locks, 'mutex').expected,
    ]),
  };
}

/** Two columns of types, of which one says "indicator" in each row. */
function ofSekoia(names: readonly string[]): number | undefined {
  const at = names.indexOf('observable_types');
  return at === -1 ? undefined : at;
}

function ofPairs(
  by: string,
  rows: readonly (readonly string[])[],
  typeAt: number,
  valueAt: number,
  toIds: number,
): Judgement {
  const expected = new Set<string>();
  const admissible = new Set<string>();
  for (const row of rows) {
    const value = row[valueAt]?.trim() ?? '';
    const word = row[typeAt]?.trim() ?? '';
    const type = typeFromAlias(word);
    const parts =
      type === undefined && !/^(?:file|hash)$/i.test(word) ? [] : type === undefined ? value.split(',') : [value];
    for (const part of parts) {
      const told = canonicalise(part, type);
      if (told.ok && (toIds === -1 || row[toIds]?.trim() !== '0'))
        expected.add(`${told.indicator.type} ${told.indicator.value}`);
    }
    // a digest under the name of another, an address with words behind it
    for (const part of value.split(/[\s,;|]+/)) {
      const plain = canonicalise(part, undefined);
      if (plain.ok && (type !== undefined || isVagueAlias(word) || /url|domain|ip|host|c2/i.test(word)))
        admissible.add(`${plain.indicator.type} ${plain.indicator.value}`);
    }
    if (word.includes('|'))
      for (const part of value.split('|')) {
        const plain = canonicalise(part, undefined);
        if (plain.ok) admissible.add(`${plain.indicator.type} ${plain.indicator.value}`);
      }
  }
  return { by, expected, admissible };
}

function ofLines(by: string, text: string, type: string | undefined): Judgement {
  const lines = text.split(/\r?\n/).flatMap((line) => {
    const bare = line.replace(/(?:^|\s)#.*$/, '').trim();
    return bare === '' ? [] : [type === undefined ? bare : (bare.split(/\s/)[0] ?? '')];
  });
  return ofValues(by, lines, type);
}

function ofPattern(by: string, text: string, pattern: RegExp): Judgement {
  return ofValues(
    by,
    [...text.matchAll(pattern)].map(([, value = '']) => value),
    'domain',
  );
}

function ofValues(by: string, values: readonly string[], type: string | undefined): Judgement {
  const expected = new Set<string>();
  for (const value of values) {
    const told = canonicalise(value, type === undefined ? undefined : typeFromAlias(type));
    if (told.ok) expected.add(`${told.indicator.type} ${told.indicator.value}`);
  }
  return { by, expected, admissible: new Set() };
}

const ITEM = /<IndicatorItem\b([^>]*)>\s*<Context\b[^>]*search="([^"]*)"[^>]*\/>\s*<Content\b[^>]*>([^<]*)<\/Content>/g;

function ofOpenIoc(text: string): Judgement {
  const expected = new Set<string>();
  const admissible = new Set<string>();
  for (const [, attributes = '', search = '', content = ''] of text.matchAll(ITEM)) {
    const value = content.replaceAll('&amp;', '&').replaceAll('&lt;', '<').replaceAll('&gt;', '>').trim();
    const type = typeFromAlias(search);
    const told = type === undefined ? undefined : canonicalise(value, type);
    if (told?.ok !== true) continue;
    const name = `${told.indicator.type} ${told.indicator.value}`;
    if (/condition="is"/.test(attributes)) expected.add(name);
    else admissible.add(name);
  }
  return { by: 'Context and Content', expected, admissible };
}
