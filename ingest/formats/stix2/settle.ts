import { hash } from 'node:crypto';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import { createScatter, type Scatter } from '../scatter.ts';
import { type Composed, composeIndicator, composeObservable, keyOf, type LookUp, recordsOf } from './compose.ts';
import { type Base, type Edge, type Leaf, leafOfValueId, type Statement } from './draft.ts';
import { createLinks, type Link } from './links.ts';
import { asObservable } from './observable.ts';
import { createVersions, type Version, type Versions } from './versions.ts';

/** What is told once all documents were read. */
export interface Findings {
  /** Objects that are not told of, because the document broke before it was known how. */
  heldBack: number;
  /** Objects that are marked by a definition that was not read. */
  unclear: number;
  /** Indicators that were not read, though something was said of them. */
  absent: number;
  /** Indicators with the id and time of another that has a different pattern. */
  variants: number;
}

export interface SettleOptions {
  look: LookUp;
  /** The last document broke. */
  cutOff: boolean;
  /** There are observables, so it must be known which values indicators cover. */
  observables: boolean;
  /** The id of the bundle, when it is a single one that was read. */
  bundle: string | undefined;
  spills: { maxMemory: number };
}

/*
 * Lines of the scattered objects. Those of one id meet in one share:
 * s <id> <version of the statement>
 * e <id of what is spoken of> <id of what speaks> <version of the edge>
 */

export function scatterStatement(scatter: Scatter, id: string, version: string): void {
  scatter.add(id, `s\t${id}\t${version}`);
}

export function scatterEdge(scatter: Scatter, target: string, speaker: string, version: string): void {
  scatter.add(target, `e\t${target}\t${speaker}\t${version}`);
}

/** All records of what was scattered: first of indicators, then of observables whose value no indicator has. */
export function* settle(
  objects: Scatter,
  options: SettleOptions,
  findings: Findings,
  tally: Tally,
): Generator<RawIndicator> {
  /** Values that indicators cover, and observables, by value. */
  const values = createScatter({ maxMemory: options.spills.maxMemory / 4 });
  try {
    for (const share of objects.shares()) yield* settleShare(share, values, options, findings, tally);
    for (const share of values.shares()) yield* uncovered(share);
  } finally {
    values.close();
  }
}

function* settleShare(
  share: Iterable<string>,
  values: Scatter,
  options: SettleOptions,
  findings: Findings,
  tally: Tally,
): Generator<RawIndicator> {
  const { spills, look } = options;
  const statements: Versions<Statement> = createVersions(spills, patternOf);
  const edges = createVersions<Edge>(spills);
  const links = createLinks(spills);

  function accept({ unknownMarks }: Composed): boolean {
    if (unknownMarks.length === 0) return true;
    if (options.cutOff) findings.heldBack += 1;
    else findings.unclear += 1;
    return !options.cutOff;
  }

  function keepObservable(version: Version<Statement>, composed: Composed): void {
    if (options.cutOff) findings.heldBack += 1;
    else if (accept(composed)) for (const leaf of version.draft.leaves) keepValue(values, leaf, composed.base);
  }

  function* tellStatement(id: string, version: Version<Statement>): Generator<RawIndicator> {
    const { kind, leaves, fault, number } = version.draft;
    const link = links.get(id);
    const event = link?.report?.ref ?? options.bundle;
    if (event !== undefined) version.draft.base.event_id = event;
    if (kind === 'observable') {
      keepObservable(version, composeObservable(version, link, look));
    } else if (fault !== undefined) {
      tally.skip(number, printable(fault, 200));
    } else {
      if (options.observables) for (const leaf of leaves) coverValue(values, leaf);
      const composed = composeIndicator(version, link, look);
      if (accept(composed)) yield* recordsOf(composed.base, leaves);
    }
  }

  try {
    takeLines(share, statements, edges);
    for (const [key, edge] of edges.all()) links.add(key.slice(0, key.indexOf('\t')), edge);
    for (const [id, version] of statements.all()) yield* tellStatement(id, version);
    for (const [id, version, variant] of statements.variants()) {
      findings.variants += 1;
      yield* tellStatement(id, asVariant(id, version, variant));
    }
    for (const [id, link] of links.all()) {
      const leaf = leafOfValueId(id);
      if (leaf !== undefined) {
        const version = ofValue(leaf, link.observed?.ref ?? '');
        keepObservable(version, composeObservable(version, link, look));
      } else if (id.startsWith('indicator--') && !statements.has(id) && isSpokenOf(link)) {
        findings.absent += 1;
      }
    }
  } finally {
    statements.close();
    edges.close();
    links.close();
  }
}

/** What two indicators of one id and time must not differ in, if only one of them is to be told. */
function patternOf({ kind, leaves, fault }: Statement): string | undefined {
  if (kind !== 'indicator') return undefined;
  return hash('sha256', JSON.stringify([leaves, fault]), 'hex').slice(0, 8);
}

/** Under a ref of its own: with that of the other, what is said of a value that both name would be lost. */
function asVariant(id: string, { said, revoked, draft }: Version<Statement>, variant: string): Version<Statement> {
  const base: Base = { ...draft.base, object_id: id };
  return { said, revoked, draft: { ...draft, ref: `${id}#${variant}`, base } };
}

/** Reports name a great deal that is told elsewhere; that alone is not worth a word. */
function isSpokenOf({ to, sightings, observed }: Link): boolean {
  return to !== undefined || sightings !== undefined || observed !== undefined;
}

function takeLines(share: Iterable<string>, statements: Versions<Statement>, edges: Versions<Edge>): void {
  for (const line of share) {
    const end = line.indexOf('\t', 2);
    if (line.startsWith('s')) {
      statements.put(line.slice(2, end), line.slice(end + 1));
    } else {
      const speakerEnd = line.indexOf('\t', end + 1);
      edges.put(line.slice(2, speakerEnd), line.slice(speakerEnd + 1));
    }
  }
}

function ofValue(leaf: Leaf, ref: string): Version<Statement> {
  const base = asObservable({});
  return { said: '', revoked: false, draft: { kind: 'observable', ref, leaves: [leaf], base, marks: [], number: 0 } };
}

/*
 * Lines of the scattered values:
 * c <value>          an indicator covers it
 * o <value> <record> what an observable says of it
 */

function coverValue(values: Scatter, leaf: Leaf): void {
  const key = JSON.stringify(keyOf(leaf));
  values.add(key, `c\t${key}`);
}

function keepValue(values: Scatter, leaf: Leaf, base: Base): void {
  const key = JSON.stringify(keyOf(leaf));
  for (const record of recordsOf(base, [leaf])) values.add(key, `o\t${key}\t${JSON.stringify(record)}`);
}

function* uncovered(share: Iterable<string>): Generator<RawIndicator> {
  const covered = new Set<string>();
  for (const line of share) if (line.startsWith('c')) covered.add(line.slice(2));
  /** One object may write a value twice, in two ways. */
  let last = '';
  for (const line of share) {
    if (!line.startsWith('o')) continue;
    const end = line.indexOf('\t', 2);
    if (covered.has(line.slice(2, end)) || line === last) continue;
    last = line;
    yield JSON.parse(line.slice(end + 1)) as RawIndicator;
  }
}
