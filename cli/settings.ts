import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { type Fields, isFields } from '../core/contract/fields.ts';
import { EXTERNAL, OPERATOR } from '../core/contract/raw-indicator.ts';
import { type ReadConfig, readConfig, whole } from '../core/process/config/load.ts';
import type { Problems } from '../core/process/config/problems.ts';
import type { Config } from '../core/process/config/sections.ts';
import { TiplineError } from '../core/process/errors.ts';
import { type Catalogue, readCatalogue, useEntry } from '../ingest/catalogue.ts';
import type { ConfiguredFeed } from '../ingest/feed.ts';
import { parseFeed } from '../ingest/feeds/index.ts';
import { shipped } from './paths.ts';

/** The configuration of this process, complete: paths absolute, feeds checked by their own types, names filled in. */
export interface Settings {
  readonly config: Config;
  /** Absolute path of the file that was read. */
  readonly file: string;
  /** True when there was no configuration and the shipped example stands in. */
  readonly example: boolean;
  /** Absolute. */
  readonly data: string;
  readonly feeds: readonly ConfiguredFeed[];
  /** The feeds that `use` can name, with their terms. */
  readonly catalogue: Catalogue;
  readonly responderName: string;
}

/**
 * Finds and checks the configuration: `--config`, `$TIPLINE_CONFIG`, `tipline.yaml` in the working folder, else the shipped example, which
 * keeps its data in the working folder.
 */
export function readSettings(
  told: string | undefined,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Settings {
  const path = told ?? environment.TIPLINE_CONFIG ?? (existsSync('tipline.yaml') ? 'tipline.yaml' : undefined);
  const example = path === undefined;
  const read = readConfig(path ?? shipped('examples', 'tipline.yaml'), environment);
  const catalogue = readCatalogues(read);
  const feeds = parseFeeds(read, catalogue);
  const { config, path: file, resolvePath } = whole(read);
  return {
    config,
    file,
    example,
    data: example ? resolve(config.data) : resolvePath(config.data),
    feeds,
    catalogue: catalogue ?? new Map(),
    responderName: config.responder.name ?? safeHostName(),
  };
}

/** Undefined when the operator's own is wrong. */
function readCatalogues({ value, resolvePath, problems }: ReadConfig): Catalogue | undefined {
  const own = isFields(value) && typeof value.catalogue === 'string' ? value.catalogue : '';
  try {
    return readCatalogue(shipped('rules', 'feeds.yaml'), own === '' ? undefined : resolvePath(own));
  } catch (error) {
    if (!(error instanceof TiplineError)) throw error;
    problems.addError(error);
    return undefined;
  }
}

/** The feeds that are switched on; what is wrong with any of them goes to the other problems. */
function parseFeeds(read: ReadConfig, catalogue: Catalogue | undefined): ConfiguredFeed[] {
  const { value, resolvePath, problems } = read;
  const entries: readonly unknown[] = isFields(value) && Array.isArray(value.feeds) ? value.feeds : [];
  const names = new Set<string>();
  /** Those of feeds that are switched off as well. */
  const known = new Set<string>();
  const feeds = entries.flatMap((entry, index) => {
    const place = ['feeds', index];
    const section = withCatalogue(entry, catalogue, (issues) => problems.addIssues(issues, place));
    if (section === undefined) return [];
    const { name } = section;
    if (typeof name === 'string') known.add(name);
    if (section.enabled === false) return [];
    if (typeof name === 'string') {
      const message = `another feed is named ${name} too`;
      if (names.has(name)) problems.add([...place, 'name'], message, 'CONFIG_INVALID');
      names.add(name);
    }
    const parsed = parseFeed(absolutePaths(section, resolvePath));
    if (parsed.ok) return [parsed.feed];
    problems.addIssues(parsed.issues, place);
    return [];
  });
  refuseStrangers(read, known);
  return feeds;
}

/** Whoever enriches what others collect may have no feeds at all, and then every name may be one of theirs. */
function refuseStrangers({ config, problems }: ReadConfig, known: ReadonlySet<string>): void {
  if (known.size === 0) return;
  for (const [index, name] of (config?.enrich.warning_lists.except_feeds ?? []).entries()) {
    if (known.has(name) || NO_FEEDS.has(name)) continue;
    const message = `no feed is named ${JSON.stringify(name)}; there are ${[...known].slice(0, 30).join(', ')}`;
    problems.add(['enrich', 'warning_lists', 'except_feeds', index], message, 'CONFIG_INVALID');
  }
}

/** What claims are under that no feed of the configuration took. */
const NO_FEEDS: ReadonlySet<string> = new Set([EXTERNAL, OPERATOR]);

type Issues = Parameters<Problems['addIssues']>[0];

/** An entry of `feeds` as if it had been written out in full; undefined when that cannot be told. */
function withCatalogue(
  entry: unknown,
  catalogue: Catalogue | undefined,
  refuse: (issues: Issues) => void,
): Fields | undefined {
  // the check of the whole file has said what is wrong with it
  if (!isFields(entry)) return undefined;
  if (!('use' in entry)) return entry;
  if (typeof entry.use !== 'string' || catalogue === undefined) return undefined;
  const used = useEntry(entry, catalogue);
  if (!used.ok) {
    refuse(used.issues);
    return undefined;
  }
  return used.section;
}

/** The keys of `tls` that name files; beside them stand a name and a passphrase. */
const TLS_FILES: ReadonlySet<string> = new Set(['ca', 'cert', 'key', 'client_ca']);

/** Paths in a feed's section are relative to the configuration file, like all others: `path`, one or several, and what `tls` names. */
function absolutePaths(section: Readonly<Record<string, unknown>>, resolvePath: (path: string) => string): unknown {
  const resolved = (value: unknown): unknown => {
    if (typeof value === 'string') return resolvePath(value);
    return Array.isArray(value) ? value.map(resolved) : value;
  };
  // a certificate that is written down is no path, and slashes of its base64 would be lost
  const file = (value: unknown): unknown => (isPem(value) ? value : resolved(value));
  const { path, tls } = section;
  return {
    ...section,
    ...(path === undefined ? {} : { path: resolved(path) }),
    ...(typeof tls === 'object' && tls !== null
      ? {
          tls: Object.fromEntries(
            Object.entries(tls).map(([key, value]) => [key, TLS_FILES.has(key) ? file(value) : value]),
          ),
        }
      : {}),
  };
}

function isPem(value: unknown): boolean {
  return typeof value === 'string' && value.includes('-----BEGIN');
}

function safeHostName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 63) || 'responder'
  );
}
