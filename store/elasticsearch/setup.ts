import { isDeepStrictEqual } from 'node:util';
import type { Client, estypes } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { ElasticsearchError } from './error.ts';
import type { Names } from './names.ts';
import { indicesUnder, isAlias, ownerOf } from './ownership.ts';
import { readFieldTypes } from './server.ts';
import { refuseHindered, type StrangersContext, strangeDays, strangeTemplates } from './strangers.ts';
import { type Catalogue, createCatalogue, TEMPLATE_VERSION, type Template } from './templates/catalogue.ts';
import { missingFields } from './templates/missing-fields.ts';

export interface SetupContext {
  client: Client;
  names: Names;
  config: ElasticsearchConfig;
  /** History takes names of its own and leaves the usual ones to others; remembered in the cluster. */
  beside?: boolean;
  /** Told what others have where ours is, and what does not hinder. */
  warn?: (message: string) => void;
}

/**
 * Makes or upgrades everything that tipline needs in the cluster, and may be run again at any time, also by several
 * processes at once. Returns the names of what was missing. Templates of a newer tipline, and indices in what they
 * already have, are left as they are.
 */
export async function setUp({ client, names, config, beside = false, warn }: SetupContext): Promise<string[]> {
  await learnPlace(client, names);
  if (beside) names.standBeside();
  await refuseStrangers({ client, names }, warn);
  const catalogue = createCatalogue(names, config, await readFieldTypes(client));
  const created = await putTemplates(client, catalogue);

  if (
    await createIndex(client, names.currentIndex, names.current, {
      [names.current]: { is_write_index: true },
      [names.securityAlias]: { filter: SECURITY_FILTER },
    })
  ) {
    created.push(names.currentIndex);
  } else await renewSecurityAlias(client, names);
  for (const index of [names.outbox, names.cursors]) {
    if (await createIndex(client, index, index, {})) created.push(index);
  }
  for (const template of catalogue.templates) await addMissingFields(client, template);
  refuseHindered(await strangeTemplates({ client, names }));
  if (names.beside) await joinHistories(client, names, warn);
  // A template and its only index have one name.
  return [...new Set(created)];
}

async function putTemplates(client: Client, { components, templates }: Catalogue): Promise<string[]> {
  const created: string[] = [];
  for (const { name, body, foreign } of components) {
    const there = await versionOf(async () => {
      const { component_templates: found } = await client.cluster.getComponentTemplate({ name });
      return found[0]?.component_template;
    });
    if (there === undefined) created.push(name);
    else if (foreign === true || there > TEMPLATE_VERSION) continue;
    await client.cluster.putComponentTemplate({ name, ...body });
  }
  for (const { name, body } of templates) {
    const there = await versionOf(async () => {
      const { index_templates: found } = await client.indices.getIndexTemplate({ name });
      return found[0]?.index_template;
    });
    if (there === undefined) created.push(name);
    else if (there > TEMPLATE_VERSION) continue;
    await client.indices.putIndexTemplate({ name, ...body });
  }
  return created;
}

/** What Elastic Security matches against: what is active, stands alone and is not known as harmless. */
const SECURITY_FILTER: estypes.QueryDslQueryContainer = {
  bool: {
    filter: [{ term: { 'tipline.status': 'active' } }, { term: { 'tipline.composite': false } }],
    must_not: [{ exists: { field: 'tipline.benign' } }],
  },
};

/** An alias that an older version made has its filter. */
async function renewSecurityAlias(client: Client, names: Names): Promise<void> {
  const behind = Object.entries(await client.indices.getAlias({ index: names.current }));
  for (const [index, { aliases }] of behind) {
    const there = aliases?.[names.securityAlias];
    if (there === undefined || isDeepStrictEqual(there.filter, SECURITY_FILTER)) continue;
    if ((await ownerOf(client, index)) !== 'ours') continue;
    await client.indices.putAlias({ index, name: names.securityAlias, filter: SECURITY_FILTER });
  }
}

/** Whether history stands beside that of others: the template for its days says so. */
export async function learnPlace(client: Client, names: Names): Promise<void> {
  try {
    const { index_templates: found } = await client.indices.getIndexTemplate({ name: names.template('history') });
    const patterns = found[0]?.index_template.index_patterns;
    if (patterns !== undefined && !patterns.includes(names.historyPattern)) names.standBeside();
  } catch (error) {
    // there is none, or who only reads may not ask
    if (!(error instanceof ElasticsearchError) || (error.status !== 404 && error.status !== 403)) throw error;
  }
}

async function refuseStrangers(context: StrangersContext, warn: (message: string) => void = () => {}): Promise<void> {
  const { client, names } = context;
  for (const name of [names.currentIndex, names.outbox, names.cursors]) {
    if ((await ownerOf(client, name)) !== 'others') continue;
    throw new TiplineError(
      'STORE_FOREIGN_INDEX',
      `the index ${name} was not made by tipline and will not be touched: give store.prefix a value`,
      { retryable: false },
    );
  }
  const days = await strangeDays(context);
  refuseHindered(days);
  for (const { message } of days) warn(message);
}

/** One alias over our history and that of others, by which both are read. Others' indices get the alias and nothing else. */
async function joinHistories(client: Client, names: Names, warn: (message: string) => void = () => {}): Promise<void> {
  for (const pattern of names.historyPatterns) {
    const { indices } = await client.indices.resolveIndex({ name: pattern, expand_wildcards: 'open' });
    for (const { name, aliases = [] } of indices) {
      if (names.dayOf(pattern, name) === undefined || aliases.includes(names.allHistory)) continue;
      try {
        await client.indices.putAlias({ index: name, name: names.allHistory });
      } catch (error) {
        if (!(error instanceof ElasticsearchError) || error.server.type !== 'cluster_block_exception') throw error;
        warn(`${name} is read-only and does not take the alias ${names.allHistory}`);
      }
    }
  }
}

/** The version of a template; undefined when there is none of that name. */
async function versionOf(
  get: () => Promise<{ version?: number | undefined } | undefined>,
): Promise<number | undefined> {
  try {
    const found = await get();
    return found === undefined ? undefined : (found.version ?? 0);
  } catch (error) {
    if (error instanceof ElasticsearchError && error.status === 404) return undefined;
    throw error;
  }
}

/**
 * True when it was made just now. `known` is the name it goes by: an alias that points elsewhere already is a rebuilt
 * index, and stays.
 */
async function createIndex(
  client: Client,
  index: string,
  known: string,
  aliases: Record<string, estypes.IndicesAlias>,
): Promise<boolean> {
  if (await client.indices.exists({ index: known })) {
    if (index !== known && !(await isAlias(client, known))) {
      throw new TiplineError(
        'STORE_NAME_TAKEN',
        `an index stands where the alias ${known} must be; delete it or give store.prefix another value`,
        { retryable: false },
      );
    }
    if ((await ownerOf(client, known)) === 'others') {
      throw new TiplineError(
        'STORE_FOREIGN_INDEX',
        `${known} stands for an index that was not made by tipline and will not be touched: give store.prefix a value`,
        { retryable: false },
      );
    }
    return false;
  }
  try {
    await client.indices.create({ index, aliases });
    return true;
  } catch (error) {
    if (error instanceof ElasticsearchError && error.server.type === 'resource_already_exists_exception') return false;
    throw error;
  }
}

/** New templates say what new indices look like; those that are written to today need the new fields as well. */
async function addMissingFields(client: Client, { pattern, fields }: Template): Promise<void> {
  const ours = [...(await indicesUnder(client, pattern))].filter(([, isOurs]) => isOurs);
  for (const [index] of ours) {
    const { [index]: found } = await client.indices.getMapping({ index });
    if (found === undefined) continue;
    const { mappings } = found;
    const version: unknown = mappings._meta?.tipline_schema;
    if (typeof version !== 'number' || version > TEMPLATE_VERSION) continue;
    const missing = missingFields(fields, mappings.properties ?? {});
    if (version === TEMPLATE_VERSION && Object.keys(missing).length === 0) continue;
    try {
      await client.indices.putMapping({
        index,
        properties: missing,
        _meta: { ...mappings._meta, tipline_schema: TEMPLATE_VERSION },
      });
    } catch (error) {
      // An old day that was made read-only takes no more documents either.
      if (!(error instanceof ElasticsearchError) || error.server.type !== 'cluster_block_exception') throw error;
    }
  }
}

/** Throws what to do when the cluster was not set up for this version. */
export async function checkSetUp({ client, names }: Pick<SetupContext, 'client' | 'names'>): Promise<void> {
  for (const index of [names.current, names.outbox, names.cursors]) {
    const found = await client.indices.getMapping({ index });
    for (const [name, { mappings }] of Object.entries(found)) {
      const version: unknown = mappings._meta?.tipline_schema;
      if (typeof version === 'number' && version >= TEMPLATE_VERSION) continue;
      throw new TiplineError('STORE_NOT_SET_UP', `${name} is not set up for this version; run \`tipline setup\``, {
        retryable: false,
      });
    }
  }
}
