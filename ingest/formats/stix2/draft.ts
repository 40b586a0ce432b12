import type { RawFile, RawIndicator } from '../../../core/contract/raw-indicator.ts';
import type { Tlp } from '../../../core/contract/tlp.ts';

/*
 * What is kept of each object until everything was read. References point ahead as well as back, and the newest version of an object may
 * stand anywhere, so no record is complete before the end. Plain JSON, for it goes through a temporary file.
 */

/** Type of the value ('' when it is to be inferred), value, whether it is no indicator by itself, and what was said of it alone. */
export type Leaf = readonly [type: string, value: string, composite?: true | null, more?: Told];

export interface Told {
  readonly port?: number;
  readonly file?: RawFile;
}

/** All that the records of one object have in common. */
export type Base = Omit<RawIndicator, 'indicator'>;

/** An indicator or an observable. */
export interface Statement {
  readonly kind: 'indicator' | 'observable';
  readonly ref: string;
  readonly leaves: readonly Leaf[];
  readonly base: Base;
  /** Ids of marking definitions. */
  readonly marks: readonly string[];
  /** Id of the identity that says so. */
  readonly by?: string;
  /** Why there are no leaves. */
  readonly fault?: string;
  /** The object's number in its document. */
  readonly number: number;
}

/** Something that indicators refer to. */
export type Known =
  | { readonly what: 'marking'; readonly tlp?: Tlp; readonly text?: string }
  | {
      readonly what: ThingKind;
      readonly name: string;
      /** Number in ATT&CK or CAPEC. */
      readonly externalId?: string;
      /** What kind of malware or infrastructure it is. */
      readonly kinds?: readonly string[];
      readonly marks: readonly string[];
    };

export type ThingKind = 'malware' | 'attack-pattern' | 'actor' | 'campaign' | 'infrastructure' | 'tool' | 'identity';

/** What one object says of others. */
export interface Tie {
  /** Their ids; `valueId` for values that have none. */
  readonly targets: readonly string[];
  readonly edge: Edge;
}

export type Edge =
  /** It points to `to`, or is a sample of it. */
  | { readonly kind: 'indicates'; readonly to: string; readonly marks: readonly string[] }
  | {
      readonly kind: 'sighting';
      readonly first?: string;
      readonly last?: string;
      readonly count: number;
      /** It was looked for and not seen, or seen and found harmless. */
      readonly negative: boolean;
      readonly marks: readonly string[];
    }
  | {
      readonly kind: 'observed';
      /** Id of the observation. */
      readonly ref: string;
      readonly first?: string;
      readonly last?: string;
      readonly marks: readonly string[];
    }
  /** A report names it. */
  | { readonly kind: 'reported'; readonly ref: string }
  /** Another observable is made of it: the address a domain leads to, the sender of a mail. */
  | { readonly kind: 'part' };

/** What stands for the id of a value inside an observation (STIX 2.0). No id looks like it. */
export function valueId([type, value]: Leaf): string {
  return `=${JSON.stringify([type, value])}`;
}

export function leafOfValueId(id: string): Leaf | undefined {
  return id.startsWith('=') ? (JSON.parse(id.slice(1)) as Leaf) : undefined;
}
