import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { configError, type LoadedConfig, loadConfig } from '../core/process/config/load.ts';
import type { Config } from '../core/process/config/sections.ts';
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
  return {
    config,
    file: loaded.path,
    example,
    data: example ? resolve(config.data) : loaded.resolvePath(config.data),
    feeds: parseFeeds(loaded),
    responderName: config.responder.name ?? safeHostName(),
  };
}

function parseFeeds({ config, file, resolvePath }: LoadedConfig): ConfiguredFeed[] {
  const names = new Set<string>();
  return config.feeds.flatMap((section, index) => {
    if (!section.enabled) return [];
    const parsed = parseFeed(absolutePaths(section, resolvePath));
    if (!parsed.ok) throw configError(file, parsed.issues, ['feeds', index]);
    if (names.has(section.name)) {
      const issue = {
        code: 'custom' as const,
        path: ['name'],
        message: `another feed is named ${section.name} too`,
        input: section.name,
      };
      throw configError(file, [issue], ['feeds', index]);
    }
    names.add(section.name);
    return [parsed.feed];
  });
}

/** Paths in a feed's section are relative to the configuration file, like all others: `path`, one or several, and what `tls` names. */
function absolutePaths(section: Readonly<Record<string, unknown>>, resolvePath: (path: string) => string): unknown {
  const resolved = (value: unknown): unknown => {
    if (typeof value === 'string') return resolvePath(value);
    return Array.isArray(value) ? value.map(resolved) : value;
  };
  const { path, tls } = section;
  return {
    ...section,
    ...(path === undefined ? {} : { path: resolved(path) }),
    ...(typeof tls === 'object' && tls !== null
      ? { tls: Object.fromEntries(Object.entries(tls).map(([key, value]) => [key, resolved(value)])) }
      : {}),
  };
}

function safeHostName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .slice(0, 63) || 'responder'
  );
}
