import type { IndicatorType } from '../../../core/indicator/type.ts';
import type { Fault, Reply, Seen } from './faults.ts';

/** One thing that a source says, in its canonical form. */
export interface Told {
  readonly type: IndicatorType;
  readonly value: string;
}

export interface SourceOptions {
  /** What of its protocol it does wrong; what openFaultServer does is not its affair. */
  fault?: Fault;
  /** Epoch ms, by the clock of the source: entries of a journal bear the moment of their edition. */
  now?: () => number;
}

/** A source behind a server: it begins with its first edition, and remembers nobody. */
export interface Source {
  answer(seen: Seen): Reply;
  /** Brings out the next edition. */
  publish(): void;
  /** How often its own fault struck. */
  readonly struck: number;
}

/** A source of one kind, with all that it will ever say, written down before anybody asks. */
export interface Stand {
  readonly name: string;
  /** The section of a feed that reads it at `url`, the address of a server. */
  section(url: string): Readonly<Record<string, unknown>>;
  /** What must go to no other origin. */
  readonly secrets: readonly string[];
  open(options?: SourceOptions): Source;
  /**
   * What an edition (1 is the first) says. A list holds nothing else then: some of the one before is gone. A journal holds all that
   * earlier editions said, too, and this is what is new in it.
   */
  told(edition: number): readonly Told[];
  readonly kind: 'list' | 'journal';
  /** Milliseconds from one reading to the next, where the way of reading depends on it. */
  readonly every?: number;
  /** When nothing changed, a reading says nothing. False where a source cannot tell what is new. */
  readonly quiet: boolean;
  /** Why a fault cannot meet it, or could not be told from how it is. */
  readonly unmet: Readonly<Partial<Record<Fault, string>>>;
}

/** The moment of a source that has no clock of its own. */
export const BEGAN = Date.parse('2026-01-31T00:00:00Z');

export const NO_PAGES = 'it has no pages';
export const NO_DATES = 'it asks by no date';

/** Faults of paging and of dates, which a source that gives everything at once has not. */
export const UNMET_BY_LISTS: Stand['unmet'] = {
  'more-without-next': NO_PAGES,
  'empty-page-with-more': NO_PAGES,
  'expired-next': NO_PAGES,
  'partial-content': 'it is asked for no range',
  'same-timestamp': NO_DATES,
};

/** 1 to `edition`. */
export function editionsTo(edition: number): number[] {
  return Array.from({ length: edition }, (_, index) => index + 1);
}

/** A name as a feed may have it. */
export function feedName(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replaceAll(/^-|-$/g, '');
}
