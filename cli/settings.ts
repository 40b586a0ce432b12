import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { configError, type LoadedConfig, loadConfig } from '../core/process/config/load.ts';
import { type Config, type FeedSection, feedSection } from '../core/process/config/sections.ts';
import type { TiplineError } from '../core/process/errors.ts';
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
  const loaded = loadConfig(path ?? shipped('examples', 'tipline.yaml'), environment);
  const { config } = loaded;
  const catalogue = readCatalogue(shipped('rules', 'feeds.yaml'), config.catalogue);
  return {
    config,
    file: loaded.path,
    example,
    data: example ? resolve(config.data) : loaded.resolvePath(config.data),
    feeds: parseFeeds(loaded, catalogue),
    catalogue,
    responderName: config.responder.name ?? safeHostName(),
  };
}

function parseFeeds({ config, file, resolvePath }: LoadedConfig, catalogue: Catalogue): ConfiguredFeed[] {
  const names = new Set<string>();
  return config.feeds.flatMap((entry, index) => {
    const refuse = (issues: Issues): TiplineError => configError(file, issues, ['feeds', index]);
    const section = withCatalogue(entry, catalogue, refuse);
    if (!section.enabled) return [];
    const parsed = parseFeed(absolutePaths(section, resolvePath));
    if (!parsed.ok) throw refuse(parsed.issues);
    const { name } = section;
    if (names.has(name)) {
      throw refuse([{ code: 'custom', path: ['name'], message: `another feed is named ${name} too`, input: name }]);
    }
    names.add(name);
    return [parsed.feed];
  });
}

type Issues = Parameters<typeof configError>[1];

/** An entry of `feeds` as if it had been written out in full. */
function withCatalogue(
  entry: Config['feeds'][number],
  catalogue: Catalogue,
  refuse: (issues: Issues) => TiplineError,
): FeedSection {
  // without `use` the configuration has been through this check already
  if (isFeedSection(entry)) return entry;
  const used = useEntry(entry, catalogue);
  if (!used.ok) throw refuse(used.issues);
  const parsed = feedSection.safeParse(used.section);
  if (!parsed.success) throw refuse(parsed.error.issues);
  return parsed.data;
}

function isFeedSection(entry: Config['feeds'][number]): entry is FeedSection {
  return !('use' in entry);
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
