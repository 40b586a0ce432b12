import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { strictestTlp } from '../../../core/contract/tlp.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import { createLog } from '../log.ts';
import { ownCopy } from '../own-copy.ts';
import { createSpill, type Spill } from '../spill.ts';
import { type Base, set } from './base.ts';
import { type Journey, type Known, newJourney } from './known.ts';
import { isReference, type Leaf, type Part } from './part.ts';
import { type JoinedFacts, joinFacts, type TtpFacts } from './ttp.ts';

/** A statement that becomes records once all it refers to is known. */
export interface Draft {
  base: Base;
  parts: readonly Part[];
  /** Keys of TTPs whose facts it takes over. */
  ttps: readonly string[];
  /** Where it stands. */
  line: number;
}

/** An observable that nobody has spoken of yet. */
export interface BareDraft extends Draft {
  /** Its id. */
  id: string;
  /** Ids of the objects in it. */
  objects: readonly string[];
}

export interface Drafts {
  /** Made into records at once if everything it refers to is known, else at the end. */
  add(draft: Draft): void;
  /** At the end it speaks for itself, unless something else spoke of it. */
  addBare(draft: BareDraft): void;
  /** An observable that belongs to a victim, wherever it is defined. */
  addVictim(id: string): void;
  /** No more will come: what waits is made into records with what is known. */
  end(): void;
  /** At most PAGE_RECORDS; none when there are none for now. */
  take(): RawIndicator[];
  close(): void;
}

const REFERRED_BYTES = 4 * 1024 ** 2;
/** More than this is made into records bit by bit at the end. */
const MOST_AT_ONCE = 1000;
const RECENT_FACTS = 64;
/** So many values of one draft are compared with each other. */
const WINDOW = 2000;
/** Indicators that share large lists multiply. A document may give a million records, or so many for each value in it, whichever is more. */
const MOST_RECORDS = 1_000_000;
const MOST_PER_VALUE = 50;
const TOO_MUCH = 'references that multiply: the document gives too many records for its size';

export function createDrafts(known: Known, tally: Tally, folder: string | undefined): Drafts {
  const place = folder === undefined ? {} : { folder };
  const waiting = createLog<Draft>(folder);
  const bare = createLog<BareDraft>(folder);
  /** Keys of observables and objects, and what of them: `s` spoken of, `v` a victim's. */
  const referred: Spill = createSpill({ maxMemory: REFERRED_BYTES, ...place });
  let ready: RawIndicator[] = [];
  let rest: Generator<RawIndicator> | undefined;
  let given = 0;
  let unknownTtps = 0;
  const recentFacts = new Map<string, { told: readonly (TtpFacts | undefined)[]; joined: JoinedFacts }>();

  function add(draft: Draft): void {
    const { parts, ttps } = draft;
    const leaves = parts.some(isReference) ? leavesAtOnce(parts) : (parts as readonly Leaf[]);
    if (leaves !== undefined && ttps.every((key) => known.ttp(key) !== undefined)) {
      for (const record of records(draft, leaves)) ready.push(record);
      return;
    }
    waiting.add(leaves === undefined ? draft : { ...draft, parts: leaves });
  }

  /** Undefined while anything is missing, and when there are many. */
  function leavesAtOnce(parts: readonly Part[]): Leaf[] | undefined {
    const journey = newJourney();
    const leaves: Leaf[] = [];
    for (const leaf of known.leaves(parts, journey)) {
      if (leaves.length >= MOST_AT_ONCE) return undefined;
      leaves.push(leaf);
    }
    if (journey.missing.size > 0) return undefined;
    spokenOf(journey);
    return leaves;
  }

  /** What was reached from somewhere need not speak for itself, whether it was reached as an observable or as an object in one. */
  function spokenOf(journey: Journey): void {
    for (const key of journey.visited.keys()) {
      if (key.startsWith('b:') || key.startsWith('o:')) referred.set(ownCopy(key), 's');
    }
  }

  function* records(draft: Draft, leaves: Iterable<Leaf>): Generator<RawIndicator> {
    let window = new Map<string, Leaf>();
    if (isTooMuch()) {
      tally.skip(draft.line, TOO_MUCH);
      return;
    }
    const base = withTtps(draft);
    for (const leaf of leaves) {
      const key = `${leaf.t ?? ''} ${leaf.v}`;
      const same = window.get(key);
      // what stands for itself anywhere does so, whatever else it is part of
      if (same === undefined || (same.c === 1 && leaf.c !== 1)) window.set(key, leaf);
      if (window.size < WINDOW) continue;
      yield* fromWindow(window, base);
      window = new Map();
      if (isTooMuch()) break;
    }
    yield* fromWindow(window, base);
    if (isTooMuch()) tally.skip(draft.line, TOO_MUCH);
  }

  function* fromWindow(window: ReadonlyMap<string, Leaf>, base: Base): Generator<RawIndicator> {
    for (const leaf of window.values()) {
      if (isTooMuch()) return;
      given += 1;
      yield recordOf(leaf, base);
    }
  }

  function isTooMuch(): boolean {
    return given >= MOST_RECORDS && given >= known.size * MOST_PER_VALUE;
  }

  function withTtps({ base, ttps }: Draft): Base {
    if (ttps.length === 0) return base;
    const { malware, kinds, titles, tlp, unknown } = factsOf(ttps);
    unknownTtps += unknown;
    const full: Base = { ...base };
    set(full, 'tlp', strictestTlp(base.tlp, tlp));
    if (malware.length > 0) full.malware = malware;
    if (kinds.length > 0) full.categories = [...new Set([...(base.categories ?? []), ...kinds])];
    if (titles.length > 0) full.context = { ...base.context, ttps: titles.join(', ') };
    return full;
  }

  /** Indicators of one document indicate the same few. */
  function factsOf(keys: readonly string[]): JoinedFacts {
    const name = keys.join(' ');
    const told = keys.map((key) => known.ttp(key));
    const recent = recentFacts.get(name);
    // a TTP may have been defined anew
    if (recent?.told.every((each, at) => each === told[at]) === true) return recent.joined;
    if (recentFacts.size >= RECENT_FACTS) recentFacts.clear();
    const joined = joinFacts(told);
    recentFacts.set(ownCopy(name), { told, joined });
    return joined;
  }

  function* remaining(): Generator<RawIndicator> {
    for (const draft of waiting.values()) {
      const journey = newJourney();
      yield* records(draft, known.leaves(draft.parts, journey));
      for (const key of journey.missing) {
        tally.skip(draft.line, `it refers to ${printable(key.slice(2), 120)}, which is not in the document`);
      }
      spokenOf(journey);
    }
    for (const draft of bare.values()) {
      const own = referred.get(`b:${draft.id}`);
      if (own === 'v') tally.skip(draft.line, 'an observable of a victim');
      else if (own === undefined && !draft.objects.some((id) => referred.has(`o:${id}`))) {
        yield* records(draft, known.leaves(draft.parts, newJourney()));
      }
    }
    if (unknownTtps > 0) tally.note(`${unknownTtps} indicators name a TTP that the document does not hold`);
  }

  return {
    add,
    addBare: bare.add,
    addVictim: (id) => referred.set(ownCopy(`b:${id}`), 'v'),
    end() {
      rest = remaining();
    },
    take() {
      while (rest !== undefined && ready.length < PAGE_RECORDS) {
        const next = rest.next();
        if (next.done === true) rest = undefined;
        else ready.push(next.value);
      }
      if (ready.length <= PAGE_RECORDS) {
        const all = ready;
        ready = [];
        return all;
      }
      return ready.splice(0, PAGE_RECORDS);
    },
    close() {
      rest = undefined;
      for (const store of [waiting, bare, referred]) store.close();
    },
  };
}

const PORT = /^\d{1,5}$/;

function recordOf(leaf: Leaf, base: Base): RawIndicator {
  const record: RawIndicator = { indicator: leaf.v, ...base };
  if (leaf.t !== undefined) record.type = leaf.t;
  if (leaf.c === 1) record.composite = true;
  if (leaf.f !== undefined) record.file = leaf.f;
  if (leaf.p !== undefined && PORT.test(leaf.p)) record.port = Number(leaf.p);
  return record;
}
