import { isFileHash } from '../../../core/contract/raw-indicator.ts';
import type { IndicatorType } from '../../../core/indicator/type.ts';
import { type Beside, besideOf, isOneFile } from './beside.ts';
import { ruleOf, typeUnder } from './named-type.ts';
import { printPath } from './print.ts';
import type { Comparison, Literal, ObjectPath, Observation } from './tree.ts';

export interface PatternLeaf extends Beside {
  /** One of tipline's types or an alias it knows; absent: infer. */
  readonly type?: string;
  readonly value: string;
  /** True when the leaf is no indicator by itself: other conditions stand beside it or around it. */
  readonly composite: boolean;
  /** The object path as printed. */
  readonly path: string;
}

export interface Leaves {
  readonly leaves: readonly PatternLeaf[];
  /** Some condition of the pattern does not stand alone, or is negated. */
  readonly composite: boolean;
  /** Comparisons that give no indicator. Each value of a set counts, and an empty set counts as one. */
  readonly unusable: number;
}

/**
 * The indicators of a pattern. Those that only OR leads to stand alone; those that AND, FOLLOWEDBY or a qualifier binds to
 * something are composite, also where that something cannot be read as an indicator: what it says narrows the other. A hash beside
 * other facts of its file is none of these.
 *
 * A value named twice is one leaf, and stands alone if it does so anywhere: `A OR (A AND B)` says no more than `A`.
 */
export function leavesOf(pattern: Observation): Leaves {
  const found = new Map<string, PatternLeaf>();
  let composite = false;
  let unusable = 0;

  function walk(node: Observation, alone: boolean): void {
    switch (node.kind) {
      case 'bracket':
        walkTest(node.test, alone, NOTHING);
        break;
      case 'or':
        for (const part of node.parts) walk(part, alone);
        break;
      case 'and':
      case 'followed-by':
        composite = true;
        for (const part of node.parts) walk(part, false);
        break;
      case 'qualified':
        composite = true;
        walk(node.inner, false);
        break;
      default:
        node satisfies never;
    }
  }

  function walkTest(test: Comparison, alone: boolean, beside: Beside): void {
    switch (test.kind) {
      case 'or':
        for (const part of test.parts) walkTest(part, alone, beside);
        break;
      case 'and':
        walkAll(test.parts, alone && isOneFile(test), { ...beside, ...besideOf(test.parts) });
        break;
      case 'in':
        if (test.negated) refuse(Math.max(1, test.values.length));
        else if (test.values.length === 0) unusable += 1;
        else takeAll(test.path, test.values, alone, NOTHING);
        break;
      case 'compare':
        // NOT != is =, and NOT = is !=
        if (test.operator === (test.negated ? '!=' : '=')) takeAll(test.path, [test.value], alone, beside);
        else if (test.operator === '=' || test.operator === '!=') refuse(1);
        else count(test.negated);
        break;
      case 'match':
        if (test.operator === 'ISSUBSET' && !test.negated) {
          takeAll(test.path, [{ kind: 'string', text: test.text }], alone, NOTHING, true);
        } else count(test.negated);
        break;
      case 'exists':
        count(test.negated);
        break;
      default:
        test satisfies never;
    }
  }

  function walkAll(parts: readonly Comparison[], alone: boolean, beside: Beside): void {
    if (!alone) composite = true;
    for (const part of parts) walkTest(part, alone, beside);
  }

  function takeAll(
    path: ObjectPath,
    values: readonly Literal[],
    alone: boolean,
    beside: Beside,
    asNetwork = false,
  ): void {
    const rule = ruleOf(path);
    if (rule === undefined) {
      unusable += values.length;
      return;
    }
    const printed = printPath(path);
    for (const literal of values) {
      const value = textOf(literal);
      const type = value.trim() === '' ? undefined : typeUnder(rule, value, asNetwork);
      if (type === undefined) unusable += 1;
      else add(type, value, alone, printed, beside);
    }
  }

  function add(type: IndicatorType | 'infer', value: string, alone: boolean, path: string, beside: Beside): void {
    const key = `${type} ${value}`;
    const earlier = found.get(key);
    if (earlier !== undefined && (!earlier.composite || !alone)) return;
    found.set(key, {
      ...(type === 'infer' ? {} : { type }),
      value,
      composite: !alone,
      path,
      ...factsFor(type, beside),
    });
  }

  function refuse(comparisons: number): void {
    composite = true;
    unusable += comparisons;
  }

  function count(negated: boolean): void {
    if (negated) refuse(1);
    else unusable += 1;
  }

  walk(pattern, true);
  return { leaves: [...found.values()], composite, unusable };
}

const NOTHING: Beside = {};

/** What stands beside a value is told of it where it can belong to it. */
function factsFor(type: IndicatorType | 'infer', { port, file }: Beside): Beside {
  if (isFileHash(type)) return file === undefined ? NOTHING : { file };
  const hasPort = type === 'ip' || type === 'domain' || type === 'infer';
  return port === undefined || !hasPort ? NOTHING : { port };
}

/** Numbers are written as they are compared with (an AS number); times, binary and truth are no indicators. */
function textOf(literal: Literal): string {
  switch (literal.kind) {
    case 'string':
    case 'integer':
      return literal.text;
    case 'float':
    case 'boolean':
    case 'timestamp':
    case 'hex':
    case 'binary':
      return '';
    default: {
      const never: never = literal;
      return never;
    }
  }
}
