import { z } from 'zod';
import { configError } from '../core/process/config/load.ts';
import '../core/process/config/sections.ts';
import { readYaml, type YamlFile } from '../core/process/config/yaml-file.ts';

/** A public feed: what a configuration would say of it, and what its user should know. */
export interface CatalogueEntry {
  readonly name: string;
  /** One sentence: what it tells. */
  readonly about: string;
  readonly licence: string;
  /** False: the terms allow no commercial use without an agreement. */
  readonly commercial: boolean;
  readonly terms: string;
  readonly terms_url: string;
  /** Where its key comes from, when it needs one. */
  readonly key?: string | undefined;
  /** The keys of the feed, as they would stand in the configuration. */
  readonly feed: Readonly<Record<string, unknown>>;
}

export type Catalogue = ReadonlyMap<string, CatalogueEntry>;

const sentence = z.string().min(1).max(500);

const entryShape = z.strictObject({
  about: sentence,
  licence: z.string().min(1).max(100),
  commercial: z.boolean(),
  terms: sentence,
  terms_url: z.url({ protocol: /^https?$/ }),
  key: sentence.optional(),
  feed: z.record(z.string(), z.unknown()),
});

/** An entry of an overlay may say just what is to be different; one that is all new must say what the feed is, and may leave out the rest. */
const changeShape = entryShape.partial();

const NOT_TOLD = {
  about: 'of your own',
  licence: 'not told',
  commercial: true,
  terms: 'not told',
  terms_url: 'about:blank',
};

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const NAME_RULE = 'the name of a feed must be letters, digits, dot, dash or underscore, at most 63';

/**
 * Reads the shipped catalogue and lays the operator's over it: what stands there goes before what stands here, entry by entry, and in the
 * feed of an entry key by key. Throws CONFIG_INVALID with file and line.
 */
export function readCatalogue(shipped: string, overlay?: string): Catalogue {
  const entries = new Map<string, CatalogueEntry>();
  for (const [name, entry] of entriesOf(readYaml(shipped), entryShape)) entries.set(name, { name, ...entry });
  if (overlay === undefined) return entries;
  for (const [name, change] of entriesOf(readYaml(overlay), changeShape)) {
    const below = entries.get(name) ?? { name, ...NOT_TOLD, feed: {} };
    const told = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
    entries.set(name, { ...below, ...told, name, feed: { ...below.feed, ...change.feed } });
  }
  return entries;
}

function entriesOf<Entry>(file: YamlFile, shape: z.ZodType<Entry>): [string, Entry][] {
  const parsed = z.record(z.string(), shape).safeParse(file.value);
  if (!parsed.success) throw configError(file, parsed.error.issues, []);
  const misnamed = Object.keys(parsed.data).filter((name) => !NAME.test(name));
  const issues = misnamed.map((name) => ({ code: 'custom' as const, path: [name], message: NAME_RULE, input: name }));
  if (issues.length > 0) throw configError(file, issues, []);
  return Object.entries(parsed.data);
}

export type Used =
  | { readonly ok: true; readonly section: Readonly<Record<string, unknown>> }
  | { readonly ok: false; readonly issues: readonly z.core.$ZodIssue[] };

/** The section of a feed that says `use: NAME`: the entry, under the keys that stand beside it. Its name is the entry's unless told. */
export function useEntry(section: Readonly<Record<string, unknown>>, catalogue: Catalogue): Used {
  const { use, ...own } = section;
  const entry = typeof use === 'string' ? catalogue.get(use) : undefined;
  if (entry !== undefined) return { ok: true, section: { name: entry.name, ...entry.feed, ...own } };
  const known = [...catalogue.keys()].sort().join(', ');
  const message = `there is no such feed in the catalogue; it has ${known}`;
  return { ok: false, issues: [{ code: 'custom', path: ['use'], message, input: use }] };
}
