import { codeOf, messageOf } from './errors.ts';
import { maskedText } from './mask.ts';

const HIDDEN = '[hidden]';
/** Compared in lower case, letters alone: `api_key`, `apiKey` and `Api-Key` are one. */
const SECRET_NAMES = new Set(['key', 'pass', 'auth', 'smtp', 'cookie', 'setcookie', 'headers']);
const SECRET_ENDINGS = /(?:password|passwd|passphrase|secret|token|apikey|privatekey|authorization|credentials?)$/;

const MOST_DEPTH = 5;
const MOST_ENTRIES = 50;
const MOST_TEXT = 2000;

/**
 * Fields as they may be written to a log. Wherever it stands in them, an error becomes its code and message (client errors hold whole
 * requests, with credentials and with megabytes of documents), a secret becomes `[hidden]`, a URL loses its credentials, and
 * everything is cut to a size that a log line can bear.
 */
export function safeFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return fields instanceof Error ? { error: describeError(fields) } : safeObject(fields, 0);
}

function safe(value: unknown, depth: number): unknown {
  switch (typeof value) {
    case 'string':
      return maskedText(value, MOST_TEXT);
    case 'bigint':
      return String(value);
    case 'object':
      return value === null ? null : safeThing(value, depth);
    case 'function':
    case 'symbol':
      return undefined;
    default:
      return value;
  }
}

function safeThing(thing: object, depth: number): unknown {
  if (thing instanceof Error) return describeError(thing);
  if (thing instanceof Date) return Number.isNaN(thing.getTime()) ? null : thing.toISOString();
  if (thing instanceof URL) return maskedText(thing.href, MOST_TEXT);
  if (ArrayBuffer.isView(thing)) return `${thing.byteLength} bytes`;
  if (depth >= MOST_DEPTH) return '…';
  if (Array.isArray(thing)) return thing.slice(0, MOST_ENTRIES).map((item) => safe(item, depth + 1) ?? null);
  if (thing instanceof Set) return safeThing([...thing].slice(0, MOST_ENTRIES), depth);
  return safeObject(thing instanceof Map ? Object.fromEntries(thing) : thing, depth);
}

function safeObject(object: object, depth: number): Record<string, unknown> {
  const entries = Object.entries(object).slice(0, MOST_ENTRIES);
  return Object.fromEntries(entries.map(([key, value]) => [key, isSecret(key) ? HIDDEN : safe(value, depth + 1)]));
}

function isSecret(key: string): boolean {
  const name = key.toLowerCase().replace(/[^a-z]/g, '');
  return SECRET_NAMES.has(name) || SECRET_ENDINGS.test(name);
}

/** What may be said of an error in a log line. */
function describeError(error: Error): { code: string; message: string } {
  return { code: codeOf(error), message: messageOf(error) };
}
