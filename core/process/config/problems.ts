import type { z } from 'zod';
import { TiplineError } from '../errors.ts';
import type { YamlFile } from './yaml-file.ts';

/** What is wrong with a file, gathered until all of it was looked at: an operator wants to mend it in one go. */
export interface Problems {
  /** One that has a code of its own. */
  add(keys: readonly PropertyKey[], message: string, code: string, cause?: unknown): void;
  /** What a schema found; `prefix` = where the checked part stands in the file. What only follows from a problem that is known already is left out. */
  addIssues(issues: readonly z.core.$ZodIssue[], prefix: readonly PropertyKey[]): void;
  /** Lines of another file, which have been made already. */
  addError(error: TiplineError): void;
  /** One error for all, a line each with file, line, key and what is allowed; undefined when nothing is wrong. */
  error(): TiplineError | undefined;
}

interface Problem {
  keys: readonly PropertyKey[];
  line: number;
  text: string;
  code: string;
  cause: unknown;
}

const MOST_LINES = 20;

export function createProblems(file: Pick<YamlFile, 'path' | 'lineOf'>): Problems {
  const problems: Problem[] = [];

  function add(keys: readonly PropertyKey[], message: string, code: string, cause?: unknown): void {
    const line = file.lineOf(keys);
    const key = keys.length === 0 ? 'the file' : keys.map(String).join('.');
    problems.push({ keys, line, text: `${file.path}:${line}: ${key}: ${message}`, code, cause });
  }

  return {
    add,
    addIssues(issues, prefix) {
      const before = problems.slice();
      for (const { keys, message } of issues.flatMap(findingsOf)) {
        const place = [...prefix, ...keys];
        if (!before.some((known) => follows(place, known.keys))) add(place, message, 'CONFIG_INVALID');
      }
    },
    addError({ message, code, cause }) {
      problems.push({ keys: ['\0'], line: 0, text: message, code, cause });
    },
    error() {
      const [first] = problems;
      if (first === undefined) return undefined;
      const lines = problems
        .toSorted((a, b) => a.line - b.line)
        .slice(0, MOST_LINES)
        .map(({ text }) => text);
      if (problems.length > MOST_LINES) lines.push(`… and ${problems.length - MOST_LINES} more`);
      const code = problems.every((each) => each.code === first.code) ? first.code : 'CONFIG_INVALID';
      return new TiplineError(code, lines.join('\n'), {
        retryable: false,
        ...(problems.length === 1 ? { cause: first.cause } : {}),
      });
    },
  };
}

/** Is one of the two places the other, or within it? */
function follows(a: readonly PropertyKey[], b: readonly PropertyKey[]): boolean {
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  return shorter.every((key, at) => String(key) === String(longer[at]));
}

interface Finding {
  keys: readonly PropertyKey[];
  message: string;
}

function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const { path, message } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ keys: [...path, key], message }));
    case 'invalid_union': {
      // of several shapes, the one that the value has: what is wrong with it says more than that it is none of them
      const meant = issue.errors.filter((branch) => !branch.some(isOtherKind));
      const [only] = meant;
      if (meant.length !== 1 || only === undefined) return [{ keys: path, message }];
      return only.flatMap(findingsOf).map(({ keys, message }) => ({ keys: [...path, ...keys], message }));
    }
    default:
      return [{ keys: path, message }];
  }
}

function isOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}
