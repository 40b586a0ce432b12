import type { IndicatorType } from '../../../core/indicator/type.ts';
import { ruleOf, typeUnder } from './named-type.ts';
import { printPath } from './print.ts';
import type { Comparison, Literal, ObjectPath, Observation } from './tree.ts';

export interface PatternLeaf {
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
 * something are composite, also where that something cannot be read as an indicator: what it says narrows the other.
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
        walkTest(node.test, alone);
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

  function walkTest(test: Comparison, alone: boolean): void {
    switch (test.kind) {
      case 'or':
        for (const part of test.parts) walkTest(part, alone);
        break;
      case 'and':
        composite = true;
        for (const part of test.parts) walkTest(part, false);
        break;
      case 'in':
        if (test.negated) refuse(Math.max(1, test.values.length));
        else if (test.values.length === 0) unusable += 1;
        else takeAll(test.path, test.values, alone, false);
        break;
      case 'compare':
        // NOT != is =, and NOT = is !=
        if (test.operator === (test.negated ? '!=' : '=')) takeAll(test.path, [test.value], alone, false);
        else if (test.operator === '=' || test.operator === '!=') refuse(1);
        else count(test.negated);
        break;
      case 'match':
        if (test.operator === 'ISSUBSET' && !test.negated) {
          takeAll(test.path, [{ kind: 'string', text: test.text }], alone, true);
        } else count(test.negated);
        break;
      case 'exists':
        count(test.negated);
        break;
      default:
        test satisfies never;
    }
  }

  function takeAll(path: ObjectPath, values: readonly Literal[], alone: boolean, asNetwork: boolean): void {
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
      else add(type, value, alone, printed);
    }
  }

  function add(type: IndicatorType | 'infer', value: string, alone: boolean, path: string): void {
    const key = `${type} ${value}`;
    const earlier = found.get(key);
    if (earlier !== undefined && (!earlier.composite || !alone)) return;
    found.set(key, { ...(type === 'infer' ? {} : { type }), value, composite: !alone, path });
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
