import { isFields } from '../../core/contract/fields.ts';
import { isParticular } from './particulars.ts';
import { cleanText } from './told.ts';

const MOST_KEYS = 32;
const KEY_LENGTH = 64;
const TEXT_LENGTH = 256;
const NESTED_LENGTH = 512;

/** What a record says elsewhere; everything else in it is context, also `valid_from`, which a claim keeps only while it is to come. */
const OWN_KEYS = new Set([
  'indicator',
  'source',
  'ref',
  'type',
  'confidence',
  'severity',
  'timestamp',
  'first_seen',
  'last_seen',
  'valid_until',
  'revoked',
  'tags',
  'tlp',
  'description',
  'reference',
  'categories',
  'malware',
  'composite',
  'context',
  'collected_at',
]);

/**
 * What else a source told, made safe to index: one level of text values. The `flattened` field type refuses deep trees and NUL in keys,
 * and a refused field would cost the whole document.
 */
export function contextOf(told: Readonly<Record<string, unknown>>): Record<string, string> | undefined {
  const flat: Record<string, string> = {};
  let left = MOST_KEYS;
  const add = (key: string, value: unknown): void => {
    const name = cleanText(key, KEY_LENGTH).replaceAll('.', '_');
    const text = textOf(value);
    if (left === 0 || name === '' || name === '__proto__' || text === '') return;
    flat[name] = text;
    left -= 1;
  };
  for (const key in told) if (!OWN_KEYS.has(key) && !isParticular(key, told[key])) add(key, told[key]);
  const { context } = told;
  if (isFields(context)) {
    for (const [key, value] of Object.entries(context)) add(key, value);
  } else if (context !== undefined && context !== null) {
    add('context', context);
  }
  return left === MOST_KEYS ? undefined : flat;
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return cleanText(value, TEXT_LENGTH);
    case 'number':
    case 'boolean':
      return String(value);
    case 'object':
      return value === null ? '' : cleanText(stringify(value), NESTED_LENGTH);
    default:
      return '';
  }
}

function stringify(value: object): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '(nested too deeply)';
  }
}
