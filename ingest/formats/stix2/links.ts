import { createSpill } from '../spill.ts';
import type { Edge } from './draft.ts';
import { compareTimes, earlier, later } from './time.ts';
import type { Version } from './versions.ts';

/** What other objects say of one. Lists are sorted, and cut only when they are full, so that the order of the objects does not matter. */
export interface Link {
  /** Ids of what it indicates. */
  to?: string[];
  /** Ids of the marking definitions of the objects that say so. */
  marks?: string[];
  sightings?: { count: number; negative: number; first?: string; last?: string };
  /** `said` and `ref` of the observation that was told last. */
  observed?: { said: string; ref: string; first?: string; last?: string };
  /** The report that named it last. */
  report?: { said: string; ref: string };
  /** Another observable is made of it. */
  part?: true;
}

export interface Links {
  add(target: string, edge: Version<Edge>): void;
  get(id: string): Link | undefined;
  all(): Generator<readonly [id: string, link: Link]>;
  close(): void;
}

type Sightings = NonNullable<Link['sightings']>;
type Observed = NonNullable<Link['observed']>;

const MOST_TO = 32;
const MOST_MARKS = 64;

export function createLinks(spillOptions: { maxMemory: number }): Links {
  const spill = createSpill(spillOptions);
  return {
    add(target, { said, revoked, draft }) {
      if (revoked) return;
      const text = spill.get(target);
      const link: Link = text === undefined ? {} : (JSON.parse(text) as Link);
      switch (draft.kind) {
        case 'indicates':
          link.to = joinSorted(link.to, [draft.to], MOST_TO);
          break;
        case 'sighting':
          link.sightings = joinSightings(link.sightings, draft);
          break;
        case 'observed':
          link.observed = joinObserved(link.observed, { ...draft, said });
          break;
        case 'reported':
          link.report = newer(link.report, { said, ref: draft.ref });
          break;
        case 'part':
          link.part = true;
          break;
        default:
          draft satisfies never;
      }
      if ('marks' in draft && draft.marks.length > 0) link.marks = joinSorted(link.marks, draft.marks, MOST_MARKS);
      spill.set(target, JSON.stringify(link));
    },
    get(id) {
      const text = spill.get(id);
      return text === undefined ? undefined : (JSON.parse(text) as Link);
    },
    *all() {
      for (const [id, text] of spill.entries()) yield [id, JSON.parse(text) as Link];
    },
    close: () => spill.close(),
  };
}

function joinSorted(some: readonly string[] | undefined, more: readonly string[], most: number): string[] {
  return [...new Set([...(some ?? []), ...more])].sort().slice(0, most);
}

function joinSightings(
  all: Sightings | undefined,
  { count, negative, first, last }: Extract<Edge, { kind: 'sighting' }>,
): Sightings {
  const { count: seen = 0, negative: unseen = 0 } = all ?? {};
  if (negative) return { ...all, count: seen, negative: unseen + 1 };
  return {
    count: Math.min(seen + count, Number.MAX_SAFE_INTEGER),
    negative: unseen,
    ...span(earlier(all?.first, earlier(first, last)), later(all?.last, later(first, last))),
  };
}

function joinObserved(all: Observed | undefined, { said, ref, first, last }: Observed): Observed {
  return {
    ...newer(all, { said, ref }),
    ...span(earlier(all?.first, earlier(first, last)), later(all?.last, later(first, last))),
  };
}

interface Speaker {
  said: string;
  ref: string;
}

/** Of two who spoke at one time, the one with the greater id: the order of the objects must not matter. */
function newer(a: Speaker | undefined, b: Speaker): Speaker {
  const order = a === undefined ? 1 : compareTimes(b.said, a.said);
  const { said, ref } = a === undefined || order > 0 || (order === 0 && b.ref > a.ref) ? b : a;
  return { said, ref };
}

function span(first: string | undefined, last: string | undefined): { first?: string; last?: string } {
  return { ...(first === undefined ? {} : { first }), ...(last === undefined ? {} : { last }) };
}
