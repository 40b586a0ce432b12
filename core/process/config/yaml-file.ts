import { readFileSync } from 'node:fs';
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from 'yaml';
import { TiplineError } from '../errors.ts';

/** A parsed YAML file that can still say where each part of it stands. */
export interface YamlFile {
  readonly path: string;
  readonly value: unknown;
  /** 1-based line of the last of these keys, or of the nearest parent that exists. */
  lineOf(keys: readonly PropertyKey[]): number;
}

const MOST_BYTES = 4 * 1024 * 1024;
/** Enough for any file written by hand; a handful of nested ones is enough to fill the memory. */
const MOST_ALIASES = 100;

/** Reads a YAML file; a missing file and a syntax error are answered with the file and the line. */
export function readYaml(path: string): YamlFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TiplineError('CONFIG_UNREADABLE', `${path} cannot be read`, { cause, retryable: false });
  }
  return parseYaml(path, text);
}

export function parseYaml(path: string, text: string): YamlFile {
  if (text.length > MOST_BYTES)
    throw new TiplineError('CONFIG_TOO_LARGE', `${path} is larger than 4 MB`, { retryable: false });
  const counter = new LineCounter();
  const lineAt = (offset: number): number => Math.max(1, counter.linePos(offset).line);
  const wrong = (message: string, offset?: number): TiplineError =>
    new TiplineError('CONFIG_SYNTAX', `${path}${offset === undefined ? '' : `:${lineAt(offset)}`}: ${message}`, {
      retryable: false,
    });

  try {
    const document = parseDocument(text, { lineCounter: counter, prettyErrors: false, stringKeys: true });
    // a value that begins with ! is but a warning to the parser, which then leaves the value out
    const problem = document.errors[0] ?? document.warnings[0];
    if (problem !== undefined) throw wrong(explainSyntax(problem), problem.pos[0]);
    const alias = badAlias(document);
    if (alias !== undefined) throw wrong(alias.message, alias.offset);
    return {
      path,
      value: document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {},
      lineOf: (keys) => lineAt(offsetOf(document, keys)),
    };
  } catch (error) {
    if (error instanceof ReferenceError) throw wrong('its aliases (*name) stand for too much; write the values out');
    if (error instanceof RangeError) throw wrong(TOO_DEEP);
    throw error;
  }
}

const NOT_YAML = 'this cannot be read as YAML; look at quotes, brackets and indentation here and in the line before';
const TOO_DEEP = 'its values are nested too deeply';
const LOST_ALIAS = 'a value that begins with * must stand in quotes, unless it names an anchor';

const SYNTAX: Readonly<Record<string, string>> = {
  BAD_SCALAR_START: 'a value that begins with a sign such as @, %, ` or | must stand in quotes',
  TAG_RESOLVE_FAILED: 'a value that begins with ! must stand in quotes',
  BAD_ALIAS: LOST_ALIAS,
  DUPLICATE_KEY: 'this key stands there twice',
  BAD_DQ_ESCAPE: 'a backslash between double quotes begins an escape; single quotes take it as it is',
  NON_STRING_KEY: 'a key must be a word',
  MULTIPLE_DOCS: 'there must be one document in the file; take out the line with ---',
  BAD_INDENT: 'this line must be indented like those it belongs to',
  BLOCK_AS_IMPLICIT_KEY:
    'a value that holds a colon and a space must stand in quotes, and keys of one section are indented alike',
  BLOCK_IN_FLOW:
    'between { and }, and between [ and ], entries are separated by commas; lists with dashes and indented sections cannot stand there',
  MULTILINE_IMPLICIT_KEY: 'a key must be followed by a colon and a space in the same line',
  UNEXPECTED_TOKEN:
    'something here does not belong to what stands before it; a value with signs such as \', ", [, {, | or , in it must stand in quotes, all of it',
  TAB_AS_INDENT: 'lines must be indented with spaces, not with tabs',
  RESOURCE_EXHAUSTION: TOO_DEEP,
};

/** Of one code the parser has many messages, in words of the standard. */
const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [/^Sequence item/, 'in a list each entry begins with a dash and a space, indented like the entries before it'],
  [/^Implicit map keys/, 'a key must be followed by a colon, a space and its value'],
  [/^Missing space after :/, 'a colon between a key and its value needs a space behind it'],
  [/^Missing closing/, 'a quote is opened here and not closed'],
  [/^Missing ,/, 'between [ and ], and between { and }, entries are separated by commas'],
  [/must .*end with|to end with/, '[ or { is opened and not closed'],
  [/^Comments/, 'in front of the # of a comment there must be a space'],
];

/** The parser's own messages may quote the text that it did not understand, which may be a password: none of them is repeated. */
function explainSyntax({ code, message }: YAMLError): string {
  return BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1] ?? SYNTAX[code] ?? NOT_YAML;
}

/** Where an alias stands for nothing, or for what it is part of; the parser finds the former late and without the place, the latter never. */
function badAlias(document: Document.Parsed): { offset: number; message: string } | undefined {
  let found: { offset: number; message: string } | undefined;
  visit(document, {
    Alias(_, node, path) {
      const named = node.resolve(document);
      if (named !== undefined && !path.includes(named)) return undefined;
      const message = named === undefined ? LOST_ALIAS : 'an alias must not stand inside of what it names';
      found = { offset: node.range?.[0] ?? 0, message };
      return visit.BREAK;
    },
  });
  return found;
}

function offsetOf(document: Document.Parsed, keys: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    if (isAlias(node)) node = node.resolve(document);
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) break;
      if (isNode(pair.key) && pair.key.range != null) offset = pair.key.range[0];
      node = pair.value;
    } else if (isSeq(node)) {
      const item = node.items[Number(key)];
      if (!isNode(item)) break;
      if (item.range != null) offset = item.range[0];
      node = item;
    } else break;
  }
  return offset;
}
