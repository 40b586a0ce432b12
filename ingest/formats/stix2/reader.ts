import type { Fields } from '../../../core/contract/fields.ts';
import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import type { Tally } from '../../tally.ts';
import { truthIn } from '../fields.ts';
import { createScatter } from '../scatter.ts';
import { idOf } from './common.ts';
import { type Envelope, readDocument } from './document.ts';
import type { Known } from './draft.ts';
import { createLeftOut } from './left-out.ts';
import { type Findings, scatterEdge, scatterStatement, settle } from './settle.ts';
import { sort } from './sort.ts';
import { timeOf } from './time.ts';
import { createVersions, writeVersion } from './versions.ts';

export interface Stix2Options {
  /** Take observables as well, as far as no indicator covers their values; they are tagged `observable`. Default true. */
  readonly observables?: boolean;
  /** Bytes of one object; larger ones are counted and passed over. Default 1 MiB. */
  readonly maxElement?: number;
  /** Bytes of objects that are held in memory before they go to a temporary file. Default 4 MiB. */
  readonly maxMemory?: number;
}

/**
 * Reads documents as one: pages of a TAXII collection, whose objects refer to each other across page borders.
 *
 * Nothing of an object is final before the end: a newer version, its sightings, what it indicates, how it is marked may come later. So
 * the caller reads as many pages as it can deliver in one go, and then asks for the records. Names and markings are remembered
 * afterwards, for pages that follow; indicators, relations and sightings are not.
 */
export interface Stix2Reader {
  /** Reads one document; throws as `readDocument` does, and keeps what stood before the break. */
  read(bytes: AsyncIterable<Buffer>): Promise<Envelope>;
  /**
   * The records of what was read since the last call, which are forgotten. `cutOff`: the last document broke; then observables, which may
   * turn out to be harmless, and what bears a marking that was not told (yet), are held back and counted.
   */
  records(cutOff?: boolean): Generator<RawIndicator[]>;
  /** Deletes the temporary files and tells what was left out. May be called twice. */
  close(): void;
}

const MAX_ELEMENT = 1024 ** 2;
const MAX_MEMORY = 4 * 1024 ** 2;
const MOST_NAMES = 5000;
/** Records that are held at once: `inPages` makes larger ones of them, and what lives shortly costs the garbage collector nothing. */
const BATCH = 100;

export function createStix2Reader(options: Stix2Options, tally: Tally): Stix2Reader {
  const { observables: wanted = true, maxElement = MAX_ELEMENT, maxMemory = MAX_MEMORY } = options;
  const spills = { maxMemory };
  const known = createVersions<Known>(spills);
  const leftOut = createLeftOut();
  const findings: Findings = { heldBack: 0, unclear: 0, absent: 0, variants: 0 };
  let objects = createScatter(spills);
  let observables = false;
  let names = new Map<string, Known | undefined>();
  let number = 0;
  /** Of each document since the records were asked for last. */
  let bundles: (string | undefined)[] = [];
  let closed = false;

  function take(object: Fields, at: number): void {
    number = at;
    const id = idOf(object, 'id');
    const sorted = sort(object, id, at);
    switch (sorted.kind) {
      case 'kept': {
        const { statement, tie } = sorted;
        // one that has no id is its own only version
        const key = id ?? `#${at}`;
        const said = timeOf(object, 'modified') ?? timeOf(object, 'created') ?? '';
        const revoked = truthIn(object, 'revoked') === true;
        if (sorted.known !== undefined) known.put(key, writeVersion({ said, revoked, draft: sorted.known }));
        if (statement !== undefined && (wanted || statement.kind === 'indicator')) {
          scatterStatement(objects, key, writeVersion({ said, revoked, draft: statement }));
          if (statement.kind === 'observable') observables = true;
        }
        if (tie !== undefined && (wanted || (tie.edge.kind !== 'observed' && tie.edge.kind !== 'part'))) {
          const edge = writeVersion({ said, revoked, draft: tie.edge });
          for (const target of tie.targets) scatterEdge(objects, target, key, edge);
          if (tie.edge.kind === 'observed') observables = true;
        }
        break;
      }
      case 'other':
        leftOut.count(sorted.what);
        break;
      case 'fault':
        tally.skip(at, sorted.reason);
        break;
      default:
        sorted satisfies never;
    }
  }

  /** The same few names are asked for again and again. */
  function look(id: string): Known | undefined {
    if (names.has(id)) return names.get(id);
    const version = known.get(id);
    const found = version === undefined || version.revoked ? undefined : version.draft;
    if (names.size >= MOST_NAMES) names = new Map();
    names.set(id, found);
    return found;
  }

  return {
    async read(bytes) {
      const before = number;
      const envelope = await readDocument(bytes, { maxElement, before }, take, tally);
      number = before + envelope.objects;
      bundles.push(envelope.bundle);
      return envelope;
    },
    *records(cutOff = false) {
      let batch: RawIndicator[] = [];
      const bundle = bundles.length === 1 ? bundles[0] : undefined;
      bundles = [];
      for (const record of settle(objects, { look, cutOff, observables, bundle, spills }, findings, tally)) {
        batch.push(record);
        if (batch.length < BATCH) continue;
        yield batch;
        batch = [];
      }
      if (batch.length > 0) yield batch;
      objects.close();
      objects = createScatter(spills);
      observables = false;
      names = new Map();
    },
    close() {
      if (closed) return;
      closed = true;
      objects.close();
      known.close();
      leftOut.tell(tally);
      tellFindings(findings, tally);
    },
  };
}

function tellFindings({ heldBack, unclear, absent, variants }: Findings, tally: Tally): void {
  if (heldBack > 0) tally.note(`${heldBack} objects were held back, as the document broke before all was told of them`);
  if (unclear > 0) {
    tally.note(`${unclear} objects bear a marking whose definition was not read, so it is not known what it forbids`);
  }
  if (variants > 0) {
    tally.note(
      `${variants} indicators have the id and the time of another that has a different pattern; all are told, those under a ref of their own`,
    );
  }
  if (absent > 0) tally.note(`of ${absent} indicators only relations or sightings were read, not the indicators`);
}
