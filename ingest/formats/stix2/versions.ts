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
  /** Other versions of the same time that say something else: see `createVersions`. In no particular order. */
  variants(): Generator<readonly [id: string, version: Version<T>, variant: string]>;
  /** As `writeVersion` wrote it. */
  put(id: string, text: string): void;
  get(id: string): Version<T> | undefined;
  has(id: string): boolean;
  /** In order of first appearance. */
  all(): Generator<readonly [id: string, version: Version<T>]>;
  close(): void;
}

/**
 * `variantOf` tells what must not be lost of a version because another of the same id and time has a greater text: authors give one id to
 * several things. Versions in which it differs are all kept, whatever their order; the one with the greatest text is the one of the id.
 */
export function createVersions<T>(
  spillOptions: { maxMemory: number },
  variantOf?: (draft: T) => string | undefined,
): Versions<T> {
  const spill = createSpill(spillOptions);
  const others = createSpill(spillOptions);

  function keepOther(id: string, text: string, winner: string): void {
    if (variantOf === undefined) return;
    const version = readVersion<T>(text);
    const winning = readVersion<T>(winner);
    if (version.revoked || winning.revoked || compareTimes(version.said, winning.said) !== 0) return;
    const variant = variantOf(version.draft);
    if (variant === undefined || variant === variantOf(winning.draft)) return;
    const key = `${id}\t${variant}`;
    if (!others.add(key, text) && supersedes(text, others.get(key) ?? '')) others.set(key, text);
  }

  return {
    put(id, text) {
      if (spill.add(id, text)) return;
      const earlier = spill.get(id) ?? '';
      const isNewer = supersedes(text, earlier);
      if (isNewer) spill.set(id, text);
      keepOther(id, isNewer ? earlier : text, isNewer ? text : earlier);
    },
    *variants() {
      for (const [key, text] of others.entries()) {
        const [id = '', variant = ''] = key.split('\t');
        const version = readVersion<T>(text);
        const winning = readVersion<T>(spill.get(id) ?? text);
        const isOfItsTime = !winning.revoked && compareTimes(version.said, winning.said) === 0;
        if (isOfItsTime && variantOf?.(winning.draft) !== variant) yield [id, version, variant];
      }
    },
    get(id) {
      const text = spill.get(id);
      return text === undefined ? undefined : readVersion<T>(text);
    },
    has: (id) => spill.has(id),
    *all() {
      for (const [id, text] of spill.entries()) yield [id, readVersion<T>(text)];
    },
    close() {
      spill.close();
      others.close();
    },
  };
}
