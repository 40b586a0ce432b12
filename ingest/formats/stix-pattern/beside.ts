import { isFileHash, type RawFile } from '../../../core/contract/raw-indicator.ts';
import { ruleOf } from './named-type.ts';
import type { Comparison, Literal, ObjectPath } from './tree.ts';

/** What stands beside a value in an AND and tells more of it. */
export interface Beside {
  readonly port?: number;
  readonly file?: RawFile;
}

/** No hash is longer, and no name is told in full that is. */
const LONGEST = 256;

/** What the specification says of a file that tells which one it is no better than its hash does. */
const FACTS: ReadonlySet<string> = new Set([
  'hashes',
  'magic_number_hex',
  'mime_type',
  'name',
  'name_enc',
  'parent_directory_ref',
  'size',
]);

/**
 * True for conditions that all describe one file. A hash among them is an indicator by itself, as it is in STIX 1 and in MISP: a file of that
 * content is meant under whatever name.
 */
export function isOneFile(test: Comparison): boolean {
  switch (test.kind) {
    case 'and':
    case 'or':
      return test.parts.every(isOneFile);
    case 'in':
    case 'match':
      return !test.negated && isFact(test.path);
    case 'compare':
      return isEqual(test) && isFact(test.path);
    case 'exists':
      return false;
    default: {
      const never: never = test;
      return never;
    }
  }
}

/** NOT != is =, and NOT = is !=. */
function isEqual({ operator, negated }: Extract<Comparison, { kind: 'compare' }>): boolean {
  return operator === (negated ? '!=' : '=');
}

function isFact({ object, steps: [first] }: ObjectPath): boolean {
  return object === 'file' && first?.kind === 'key' && FACTS.has(first.name);
}

/** What the parts of an AND say with one value each; of several different ones nobody knows which belongs to what. */
export function besideOf(parts: readonly Comparison[]): Beside {
  const told: RawFile = {};
  const hashes: NonNullable<RawFile['hashes']> = {};
  const ports = new Set<number>();
  for (const test of parts) {
    if (test.kind !== 'compare' || !isEqual(test)) continue;
    const key = keyOf(test.path);
    const value = textOf(test.value);
    if (value === undefined || value.length > LONGEST) continue;
    if (key === 'network-traffic:dst_port') ports.add(Number(value));
    else if (key === 'file:name') told.name ??= value;
    else if (key === 'file:size') told.size ??= Number(value);
    else if (key === 'file:mime_type') told.type ??= value;
    else if (test.path.object === 'file') {
      const rule = ruleOf(test.path);
      const type = rule?.kind === 'fixed' ? rule.type : undefined;
      if (isFileHash(type)) hashes[type] ??= value;
    }
  }
  if (Object.keys(hashes).length > 0) told.hashes = hashes;
  const [port] = ports;
  return {
    ...(port !== undefined && ports.size === 1 ? { port } : {}),
    ...(Object.keys(told).length > 0 ? { file: told } : {}),
  };
}

function keyOf({ object, steps }: ObjectPath): string {
  const [step] = steps;
  return steps.length === 1 && step?.kind === 'key' ? `${object}:${step.name}` : '';
}

function textOf(literal: Literal): string | undefined {
  return literal.kind === 'string' || literal.kind === 'integer' ? literal.text : undefined;
}
