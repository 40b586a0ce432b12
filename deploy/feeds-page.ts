import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CatalogueEntry, readCatalogue } from '../ingest/catalogue.ts';
import type { FeedDefinition } from '../ingest/feed.ts';
import { FEEDS } from '../ingest/feeds/index.ts';
import { transportKeys } from '../ingest/fetch/transport.ts';
import { commonKeys, listKeys, rhythmKeys } from '../ingest/settings.ts';
import { type KeyRow, keyRows, shapeOf } from './feed-schema.ts';
import { FEED_EXAMPLES } from './feeds-page-examples.ts';
import { ALL_FEEDS, CATALOGUE, FETCHING, HEAD, WHOLE_LISTS } from './feeds-page-prose.ts';

/** docs/feeds.md: every type of feed and each of its keys, from the schemas that check them, and the catalogue. */

const FETCHED = { ...rhythmKeys, ...transportKeys };
const SHARED = new Map<string, unknown>(Object.entries({ ...commonKeys, ...FETCHED, ...listKeys }));

/** The keys that a type of feed has beside those of all feeds, or means in another way than they do. */
export function ownKeys(definition: FeedDefinition): ReturnType<typeof shapeOf> {
  const own = Object.entries(shapeOf(definition)).filter(
    ([key, schema]) => key !== 'type' && SHARED.get(key) !== schema,
  );
  return Object.fromEntries(own);
}

/** The whole page. Throws when a type of feed has no example, or an example is of no type. */
export function feedsPage(definitions: readonly FeedDefinition[], catalogue: readonly CatalogueEntry[]): string {
  const left = new Map(definitions.map((each) => [each.type, each]));
  const groups = FEED_EXAMPLES.map(({ group, feeds }) => {
    const types = [...feeds].map(([type, example]) => {
      const definition = left.get(type);
      if (definition === undefined)
        throw new Error(`deploy/feeds-page-examples.ts tells of ${type}, which there is not`);
      left.delete(type);
      return { type, ...example, definition };
    });
    return { group, types };
  });
  if (left.size > 0) throw new Error(`deploy/feeds-page-examples.ts has nothing of ${[...left.keys()].join(', ')}`);

  const index = groups.flatMap(({ group, types }) =>
    types.map(({ type, about }) => row([`[\`${type}\`](#${type})`, about, group])),
  );
  const parts = [
    HEAD,
    table(['type', 'what it is', 'kind'], index),
    `## All feeds\n\n${keyTable(keyRows(commonKeys))}`,
    ALL_FEEDS,
    `## Feeds that fetch\n\n${FETCHING.trim()}`,
    keyTable(keyRows(FETCHED)),
    `## Whole lists\n\n${WHOLE_LISTS.trim()}`,
    keyTable(keyRows(listKeys)),
    ...groups.flatMap(({ group, types }) => [`## ${group}`, ...types.map(feedPart)]),
    `## The catalogue\n\n${CATALOGUE.trim()}`,
    ...catalogueTables(catalogue, definitions),
  ];
  return `${parts.map((part) => part.trim()).join('\n\n')}\n`;
}

interface Told {
  type: string;
  about: string;
  yaml: string;
  notes?: string;
  definition: FeedDefinition;
}

function feedPart({ type, about, yaml, notes, definition }: Told): string {
  const fetches = shapeOf(definition).proxy === transportKeys.proxy;
  const parts = [`### ${type}`, about, `\`\`\`yaml\n${yaml.trim()}\n\`\`\``, keyTable(keyRows(ownKeys(definition)))];
  const lists = shapeOf(definition).checks === listKeys.checks;
  const more = [
    ...(fetches ? ['[feeds that fetch](#feeds-that-fetch)'] : []),
    ...(lists ? ['[whole lists](#whole-lists)'] : []),
  ];
  if (more.length > 0) parts.push(`It has the keys of ${more.join(' and ')} as well.`);
  if (notes !== undefined) parts.push(notes.trim());
  return parts.join('\n\n');
}

function keyTable(rows: readonly KeyRow[]): string {
  const lines = rows.map(({ key, meaning = '', standard, required }) =>
    row([`\`${key}\``, meaning, standard === undefined ? '' : `\`${standard}\``, required]),
  );
  return table(['key', 'meaning', 'default', 'required'], lines);
}

/** Two, since one with everything would be too wide to be read: what a feed is, and on what terms. */
function catalogueTables(catalogue: readonly CatalogueEntry[], definitions: readonly FeedDefinition[]): string[] {
  const addresses = new Map(definitions.map((each) => [each.type, addressIn(each)]));
  const what = catalogue.map(({ name, about, feed }) =>
    row([
      `\`${name}\``,
      about,
      address(feed.url ?? addresses.get(String(feed.type))),
      `[\`${String(feed.type)}\`](#${String(feed.type)})`,
    ]),
  );
  const values = catalogue.map(({ name, feed: { every, confidence, severity, lifetime, tags } }) =>
    row([`\`${name}\``, ...[every, confidence, severity, lifetime, tags].map(shown)]),
  );
  const terms = catalogue.map(({ name, licence, commercial, terms: said, terms_url, key }) =>
    row([`\`${name}\``, `[${licence}](${terms_url})`, commercial ? 'yes' : 'no', said, key ?? 'none needed']),
  );
  return [
    table(['name', 'what it tells', 'address', 'type'], what),
    table(['name', 'every', 'confidence', 'severity', 'lifetime', 'tags'], values),
    table(['name', 'licence', 'commercial use', 'terms', 'key'], terms),
  ];
}

/** What a type of feed asks when nothing is said. */
function addressIn(definition: FeedDefinition): string | undefined {
  return keyRows(ownKeys(definition)).find(({ key }) => key === 'url')?.standard;
}

/** Some types make their address of what else is set, such as a key. */
function address(url: unknown): string {
  return typeof url === 'string' ? `<${url}>` : 'made by its type';
}

/** A value of the catalogue as YAML has it in one line; a rule over columns is too long for a table. */
function shown(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'object' || value === null) return `\`${String(value)}\``;
  if (Array.isArray(value)) return `\`${value.join(', ')}\``;
  if ('column' in value) return `by column ${String(value.column)}`;
  const pairs = Object.entries(value).map(([key, each]) => `${key}: ${String(each)}`);
  return `\`${pairs.join(', ')}\``;
}

function table(heads: readonly string[], rows: readonly string[]): string {
  return [row(heads), `|${'---|'.repeat(heads.length)}`, ...rows].join('\n');
}

function row(cells: readonly string[]): string {
  const escaped = cells.map((cell) => cell.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').trim());
  return `|${escaped.map((cell) => (cell === '' ? ' ' : ` ${cell} `)).join('|')}|`;
}

if (import.meta.main) {
  const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
  writeFileSync(at('docs/feeds.md'), feedsPage(FEEDS, [...readCatalogue(at('rules/feeds.yaml')).values()]));
}
