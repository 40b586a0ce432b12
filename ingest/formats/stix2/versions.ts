import { createSpill } from '../spill.ts';
import { compareTimes } from './time.ts';

/** One version of an object, as far as it is needed. */
export interface Version<T> {
  /** `modified`, else `created`; '' when neither is told, as for observables. */
  readonly said: string;
  readonly revoked: boolean;
  readonly draft: T;
}

/** A version as text without a line feed. */
export function writeVersion({ said, revoked, draft }: Version<unknown>): string {
  return JSON.stringify({ said, revoked, draft });
}

/**
 * Of two versions with one time a withdrawal stays, and else the one whose text is greater: which came first must not matter, for
 * servers promise no order.
 */
function supersedes(text: string, earlierText: string): boolean {
  const version = readVersion<unknown>(text);
  const earlier = readVersion<unknown>(earlierText);
  const order = compareTimes(version.said, earlier.said);
  if (order !== 0) return order > 0;
  return version.revoked !== earlier.revoked ? version.revoked : text > earlierText;
}

/** `text` must be written by `writeVersion` of a `Version<T>`. */
function readVersion<T>(text: string): Version<T> {
  return JSON.parse(text) as Version<T>;
}

/** The newest version of each object, by its id. */
export interface Versions<T> {
  /** As `writeVersion` wrote it. */
  put(id: string, text: string): void;
  get(id: string): Version<T> | undefined;
  has(id: string): boolean;
  /** In order of first appearance. */
  all(): Generator<readonly [id: string, version: Version<T>]>;
  close(): void;
}

export function createVersions<T>(spillOptions: { maxMemory: number }): Versions<T> {
  const spill = createSpill(spillOptions);
  return {
    put(id, text) {
      if (spill.add(id, text)) return;
      if (supersedes(text, spill.get(id) ?? '')) spill.set(id, text);
    },
    get(id) {
      const text = spill.get(id);
      return text === undefined ? undefined : readVersion<T>(text);
    },
    has: (id) => spill.has(id),
    *all() {
      for (const [id, text] of spill.entries()) yield [id, readVersion<T>(text)];
    },
    close: () => spill.close(),
  };
}
