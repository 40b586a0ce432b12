import type { Client, estypes } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../../core/process/config/sections.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { ElasticsearchError } from './error.ts';
import type { Names } from './names.ts';
import { readFieldTypes } from './server.ts';
import { type Catalogue, createCatalogue, TEMPLATE_VERSION, type Template } from './templates/catalogue.ts';
import { missingFields } from './templates/missing-fields.ts';

export interface SetupContext {
  client: Client;
  names: Names;
  config: ElasticsearchConfig;
}

/**
 * Makes or upgrades everything that tipline needs in the cluster, and may be run again at any time, also by several
 * processes at once. Returns the names of what was missing. Templates of a newer tipline, and indices in what they
 * already have, are left as they are.
 */
export async function setUp({ client, names, config }: SetupContext): Promise<string[]> {
  const catalogue = createCatalogue(names, config, await readFieldTypes(client));
  const created = await putTemplates(client, catalogue);

  const securityFilter = {
    bool: { filter: [{ term: { 'tipline.status': 'active' } }, { term: { 'tipline.composite': false } }] },
  };
  if (
    await createIndex(client, names.currentIndex, names.current, {
      [names.current]: { is_write_index: true },
      [names.securityAlias]: { filter: securityFilter },
    })
  ) {
    created.push(names.currentIndex);
  }
  for (const index of [names.outbox, names.cursors]) {
    if (await createIndex(client, index, index, {})) created.push(index);
  }
  for (const template of catalogue.templates) await addMissingFields(client, template);
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
    if (index !== known && !(await client.indices.existsAlias({ name: known }))) {
      throw new TiplineError(
        'STORE_NAME_TAKEN',
        `an index stands where the alias ${known} must be; delete it or give store.prefix another value`,
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
  const found = await client.indices.getMapping({
    index: pattern,
    allow_no_indices: true,
    ignore_unavailable: true,
    expand_wildcards: 'open',
  });
  for (const [index, { mappings }] of Object.entries(found)) {
    const version: unknown = mappings._meta?.tipline_schema;
    // Not ours, though the name fits: an older pipeline's days lie under the same pattern.
    if (typeof version !== 'number' || version > TEMPLATE_VERSION) continue;
    const missing = missingFields(fields, mappings.properties ?? {});
    if (version === TEMPLATE_VERSION && Object.keys(missing).length === 0) continue;
    try {
      await client.indices.putMapping({ index, properties: missing, _meta: { tipline_schema: TEMPLATE_VERSION } });
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
