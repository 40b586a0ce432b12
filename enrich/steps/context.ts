import { cleanText } from './told.ts';

const MOST_KEYS = 32;
const KEY_LENGTH = 64;
const TEXT_LENGTH = 256;
const NESTED_LENGTH = 512;

/**
 * What else a source told, made safe to index: one level of text values. The `flattened` field type refuses deep trees and NUL in keys,
 * and a refused field would cost the whole document.
 */
export function flatContext(
  told: unknown,
  unknownKeys: Readonly<Record<string, unknown>>,
): Record<string, string> | undefined {
  const flat: Record<string, string> = {};
  let left = MOST_KEYS;
  const add = (key: string, value: unknown): void => {
    const name = cleanText(key, KEY_LENGTH).replaceAll('.', '_');
    const text = textOf(value);
    if (left === 0 || name === '' || name === '__proto__' || text === '') return;
    flat[name] = text;
    left -= 1;
  };
  for (const key in unknownKeys) add(key, unknownKeys[key]);
  if (typeof told === 'object' && told !== null && !Array.isArray(told)) {
    for (const [key, value] of Object.entries(told)) add(key, value);
  } else if (told !== undefined && told !== null) {
    add('context', told);
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
