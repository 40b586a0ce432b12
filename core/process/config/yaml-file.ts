import { readFileSync } from 'node:fs';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { TiplineError } from '../errors.ts';

/** A parsed YAML file that can still say where each part of it stands. */
export interface YamlFile {
  readonly path: string;
  readonly value: unknown;
  /** 1-based line of the value under these keys, or of the nearest parent that exists. */
  lineOf(keys: readonly PropertyKey[]): number;
}

const MOST_BYTES = 4 * 1024 * 1024;

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
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = document.errors[0];
  if (problem !== undefined) {
    throw new TiplineError('CONFIG_SYNTAX', `${path}:${lines.linePos(problem.pos[0]).line}: ${problem.message}`, {
      retryable: false,
    });
  }
  return {
    path,
    // few aliases: a handful of nested ones is enough to fill the memory
    value: document.toJS({ maxAliasCount: 100 }) ?? {},
    lineOf(keys) {
      for (let depth = keys.length; depth > 0; depth -= 1) {
        const node: unknown = document.getIn(keys.slice(0, depth), true);
        if (isNode(node) && node.range != null) return lines.linePos(node.range[0]).line;
      }
      return 1;
    },
  };
}
