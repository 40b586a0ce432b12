import type { z } from 'zod';
import { type Fields, isFields } from '../../contract/fields.ts';

/**
 * What a schema found wrong, as a sentence for whoever wrote the file: what is allowed there. Never repeats the value, which may be a
 * password. Undefined leaves the words to zod.
 */
export function explain(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? `${MISSING}must be ${kindOf(issue.expected)}` : wrongKind(issue);
    case 'invalid_value':
      return `must be ${listed(issue.values)}`;
    case 'too_small':
      return outOfBounds(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return outOfBounds(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'invalid_format':
      return issue.format === 'url' ? 'must be a URL such as https://example.org/list' : undefined;
    case 'unrecognized_keys':
    case 'invalid_key': {
      const known = keysOf(issue.inst);
      return known.length === 0
        ? 'there is no such key'
        : `there is no such key; the keys here are ${known.join(', ')}`;
    }
    case 'invalid_union':
      return explainUnion(issue);
    default:
      return undefined;
  }
}

const MISSING = 'is missing: it ';
const MUST_BE = /^(?:is missing: it )?must be /;

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a section with keys',
  record: 'a section with keys',
  tuple: 'a list',
};

function kindOf(expected: string): string {
  return KINDS[expected] ?? expected;
}

function wrongKind({ expected, input }: { expected: string; input?: unknown }): string {
  const unquoted = expected === 'string' && (typeof input === 'number' || typeof input === 'boolean');
  return `must be ${kindOf(expected)}${unquoted ? ': put it in quotes' : ''}`;
}

function outOfBounds(origin: string, word: string, limit: number | bigint): string {
  switch (origin) {
    case 'string':
      return word === 'at least' && limit === 1 ? 'must not be empty' : `must have ${word} ${limit} characters`;
    case 'array':
      return `must have ${word} ${limit} ${limit === 1 ? 'entry' : 'entries'}`;
    default:
      return `must be ${word} ${limit}`;
  }
}

function explainUnion(issue: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  const { options } = issue;
  if (Array.isArray(options)) return `must be ${listed(options)}`;
  const messages = issue.errors.flatMap((branch) => branch.slice(0, 1).map(({ message }) => message));
  const allowed = [...new Set(messages.map((message) => message.replace(MUST_BE, '')))].join(' or ');
  return `${issue.input === undefined ? MISSING : ''}must be ${allowed}`;
}

function listed(values: readonly unknown[]): string {
  const words = values.map(String);
  return words.length === 1 ? words.join() : `one of ${words.join(', ')}`;
}

/** The keys that a schema of an object, or of a record with a fixed set of keys, knows. */
function keysOf(schema: unknown): string[] {
  const def = defOf(schema);
  if (def === undefined) return [];
  if (isFields(def.shape)) return Object.keys(def.shape);
  const entries = defOf(def.keyType)?.entries;
  return isFields(entries) ? Object.keys(entries) : [];
}

function defOf(schema: unknown): Fields | undefined {
  if (!isFields(schema) || !isFields(schema._zod) || !isFields(schema._zod.def)) return undefined;
  return schema._zod.def;
}
