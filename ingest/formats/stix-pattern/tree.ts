/**
 * What a STIX pattern says, without its spelling: brackets that change nothing, comments, `==` for `=` and `<>` for `!=`
 * are gone. Chains of one operator are flat, so that ten thousand alternatives are one node and not a tower.
 */
export type Observation =
  | { readonly kind: 'bracket'; readonly test: Comparison }
  | { readonly kind: Joint; readonly parts: readonly Observation[] }
  /** Qualifiers in the order they were written. */
  | { readonly kind: 'qualified'; readonly inner: Observation; readonly qualifiers: readonly Qualifier[] };

/** From loose to tight: `a FOLLOWEDBY b OR c AND d` is `a FOLLOWEDBY (b OR (c AND d))`. */
export type Joint = 'followed-by' | 'or' | 'and';

/** Numbers are kept as text in all of the tree: what a pattern holds may be larger or finer than a double. */
export type Qualifier =
  | { readonly kind: 'within'; readonly seconds: string }
  | { readonly kind: 'repeats'; readonly times: string }
  /** ISO 8601 UTC. */
  | { readonly kind: 'start-stop'; readonly start: string; readonly stop: string };

export type Comparison =
  | { readonly kind: 'or' | 'and'; readonly parts: readonly Comparison[] }
  | { readonly kind: 'exists'; readonly negated: boolean; readonly path: ObjectPath }
  | {
      readonly kind: 'compare';
      readonly path: ObjectPath;
      readonly negated: boolean;
      readonly operator: CompareOperator;
      readonly value: Literal;
    }
  | {
      readonly kind: 'match';
      readonly path: ObjectPath;
      readonly negated: boolean;
      readonly operator: MatchOperator;
      readonly text: string;
    }
  /** May be empty: then nothing is in it. */
  | { readonly kind: 'in'; readonly path: ObjectPath; readonly negated: boolean; readonly values: readonly Literal[] };

export type CompareOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type MatchOperator = 'LIKE' | 'MATCHES' | 'ISSUBSET' | 'ISSUPERSET';

/** `file:extensions.'ntfs-ext'.sid`: the object's type, and one step or more, the first of which is a key. */
export interface ObjectPath {
  readonly object: string;
  readonly steps: readonly PathStep[];
}

export type PathStep =
  | { readonly kind: 'key'; readonly name: string }
  | { readonly kind: 'index'; readonly index: string }
  | { readonly kind: 'any' };

export type Literal =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'integer'; readonly text: string }
  | { readonly kind: 'float'; readonly text: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** ISO 8601 UTC, any number of fraction digits. */
  | { readonly kind: 'timestamp'; readonly text: string }
  /** Lower-case digits, an even number of them. */
  | { readonly kind: 'hex'; readonly digits: string }
  | { readonly kind: 'binary'; readonly base64: string };
