import { isBareName } from './tokens.ts';
import type { Comparison, Joint, Literal, ObjectPath, Observation, PathStep, Qualifier } from './tree.ts';

const KEYWORD_OF: Readonly<Record<Joint, string>> = { 'followed-by': 'FOLLOWEDBY', or: 'OR', and: 'AND' };
/** Larger binds tighter. */
const TIGHTNESS: Readonly<Record<Observation['kind'], number>> = {
  'followed-by': 1,
  or: 2,
  and: 3,
  qualified: 4,
  bracket: 5,
};

/**
 * The one spelling of a tree: `parsePattern` makes the same tree of it, and so the same spelling. Parentheses stand
 * where the tree needs them and nowhere else.
 */
export function printPattern(pattern: Observation): string {
  switch (pattern.kind) {
    case 'bracket':
      return `[${printComparison(pattern.test)}]`;
    case 'qualified':
      return [enclosed(pattern.inner, 'qualified'), ...pattern.qualifiers.map(printQualifier)].join(' ');
    case 'followed-by':
    case 'or':
    case 'and':
      return pattern.parts.map((part) => enclosed(part, pattern.kind)).join(` ${KEYWORD_OF[pattern.kind]} `);
    default: {
      const never: never = pattern;
      return never;
    }
  }
}

/** `file:hashes.'SHA-256'`. */
export function printPath(path: ObjectPath): string {
  let text = `${path.object}:`;
  for (const [index, step] of path.steps.entries()) {
    text += step.kind === 'key' && index > 0 ? `.${printStep(step)}` : printStep(step);
  }
  return text;
}

function enclosed(part: Observation, outer: Observation['kind']): string {
  const text = printPattern(part);
  return TIGHTNESS[part.kind] > TIGHTNESS[outer] ? text : `(${text})`;
}

function printQualifier(qualifier: Qualifier): string {
  switch (qualifier.kind) {
    case 'within':
      return `WITHIN ${qualifier.seconds} SECONDS`;
    case 'repeats':
      return `REPEATS ${qualifier.times} TIMES`;
    case 'start-stop':
      return `START t'${qualifier.start}' STOP t'${qualifier.stop}'`;
    default: {
      const never: never = qualifier;
      return never;
    }
  }
}

function printComparison(test: Comparison): string {
  switch (test.kind) {
    case 'or':
      return test.parts.map((part) => (part.kind === 'or' ? inParentheses(part) : printComparison(part))).join(' OR ');
    case 'and':
      return test.parts
        .map((part) => (part.kind === 'or' || part.kind === 'and' ? inParentheses(part) : printComparison(part)))
        .join(' AND ');
    case 'exists':
      return `${test.negated ? 'NOT ' : ''}EXISTS ${printPath(test.path)}`;
    case 'compare':
      return `${subject(test)} ${test.operator} ${printLiteral(test.value)}`;
    case 'match':
      return `${subject(test)} ${test.operator} ${printString(test.text)}`;
    case 'in':
      return `${subject(test)} IN (${test.values.map(printLiteral).join(', ')})`;
    default: {
      const never: never = test;
      return never;
    }
  }
}

function inParentheses(test: Comparison): string {
  return `(${printComparison(test)})`;
}

function subject(test: { readonly path: ObjectPath; readonly negated: boolean }): string {
  return test.negated ? `${printPath(test.path)} NOT` : printPath(test.path);
}

function printStep(step: PathStep): string {
  switch (step.kind) {
    case 'key':
      return isBareName(step.name) ? step.name : printString(step.name);
    case 'index':
      return `[${step.index}]`;
    case 'any':
      return '[*]';
    default: {
      const never: never = step;
      return never;
    }
  }
}

function printLiteral(literal: Literal): string {
  switch (literal.kind) {
    case 'string':
      return printString(literal.text);
    case 'integer':
    case 'float':
      return literal.text;
    case 'boolean':
      return literal.value ? 'true' : 'false';
    case 'timestamp':
      return `t'${literal.text}'`;
    case 'hex':
      return `h'${literal.digits}'`;
    case 'binary':
      return `b'${literal.base64}'`;
    default: {
      const never: never = literal;
      return never;
    }
  }
}

function printString(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
