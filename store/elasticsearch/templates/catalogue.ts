import type { estypes } from '@elastic/elasticsearch';
import type { ElasticsearchConfig } from '../../../core/process/config/sections.ts';
import type { Names } from '../names.ts';
import type { FieldTypes } from '../server.ts';
import { ecsFields } from './ecs.ts';
import { type Fields, laidOver } from './fields.ts';
import { JOURNAL_FIELDS } from './journal.ts';
import { CURSOR_FIELDS, OUTBOX_FIELDS } from './ledgers.ts';
import { oldFields } from './old-names.ts';
import { HISTORY_OWN, ownFields } from './own.ts';

/** Goes up with every change of a mapping; an older tipline leaves the templates of a newer one alone. */
export const TEMPLATE_VERSION = 2;

/** Above what operators usually give their own, and below 500, where Elastic's begin to be in the way. */
const PRIORITY = 300;

export interface Component {
  name: string;
  body: { template: estypes.IndicesIndexState; version: number; _meta: estypes.Metadata };
  /** Made once and then the operator's: settings in it win over ours. */
  foreign?: true;
}

export interface Template {
  name: string;
  pattern: string;
  body: {
    index_patterns: string[];
    composed_of: string[];
    priority: number;
    version: number;
    template: estypes.IndicesPutIndexTemplateIndexTemplateMapping;
    _meta: estypes.Metadata;
  };
  /** All fields of the indices it makes. */
  fields: Fields;
}

export interface Catalogue {
  components: Component[];
  templates: Template[];
}

type CatalogueConfig = Pick<ElasticsearchConfig, 'shards' | 'replicas' | 'refresh_interval'>;

/**
 * Every template, made for what the server has. There is no index lifecycle policy: retention is tipline's own, so that
 * it works on servers without that feature.
 */
export function createCatalogue(names: Names, config: CatalogueConfig, types: FieldTypes): Catalogue {
  const part = { settings: names.template('settings'), ecs: names.template('ecs'), own: names.template('own') };
  const custom = names.template('custom');
  const ecs = ecsFields(types);
  const own = ownFields(types);
  const indicator = [part.settings, part.ecs, part.own, custom];
  const indicatorFields = { ...ecs, ...own };
  const inHistory = laidOver(oldFields(indicatorFields), HISTORY_OWN);

  return {
    components: [
      component(part.settings, 'Settings of all indices of tipline', {
        settings: {
          number_of_shards: config.shards,
          number_of_replicas: config.replicas,
          refresh_interval: config.refresh_interval,
          mapping: { total_fields: { limit: 1000 } },
        },
      }),
      component(part.ecs, 'Fields of the Elastic Common Schema', { mappings: { properties: ecs } }),
      component(part.own, "tipline's own fields", { mappings: { properties: own } }),
      { ...component(custom, 'Yours: what stands here wins over the settings of tipline', {}), foreign: true },
    ],
    templates: [
      template(names, 'history', names.historyPattern, 'What each source said, by day', {
        composedOf: indicator,
        fields: laidOver(indicatorFields, inHistory),
        added: inHistory,
        ...(names.beside && { aliases: { [names.allHistory]: {} } }),
      }),
      template(names, 'current', names.currentPattern, 'One document an indicator', {
        composedOf: indicator,
        fields: indicatorFields,
        added: {},
        // A pruned indicator may come back at once, at revision 1; for a minute its tombstone would refuse it.
        settings: { gc_deletes: '0s' },
      }),
      template(names, 'actions', names.journalPattern('actions'), 'What was done to the world, by day', {
        composedOf: [part.settings, custom],
        fields: JOURNAL_FIELDS.actions,
        added: JOURNAL_FIELDS.actions,
        dynamic: false,
        settings: { number_of_shards: 1 },
      }),
      template(names, 'deadletters', names.journalPattern('deadletters'), 'What could not be used, by day', {
        composedOf: [part.settings, custom],
        fields: JOURNAL_FIELDS.deadletters,
        added: JOURNAL_FIELDS.deadletters,
        dynamic: false,
        settings: { number_of_shards: 1 },
      }),
      template(names, 'outbox', names.outbox, 'Alerts and mails', {
        composedOf: [part.settings, custom],
        fields: OUTBOX_FIELDS,
        added: OUTBOX_FIELDS,
        settings: { number_of_shards: 1, refresh_interval: '1s' },
      }),
      template(names, 'cursors', names.cursors, 'Places in feeds, and leases', {
        composedOf: [part.settings, custom],
        fields: CURSOR_FIELDS,
        added: CURSOR_FIELDS,
        settings: { number_of_shards: 1, refresh_interval: '1s' },
      }),
    ],
  };
}

function component(name: string, description: string, template: estypes.IndicesIndexState): Component {
  return { name, body: { template, version: TEMPLATE_VERSION, _meta: meta(description) } };
}

interface TemplateOptions {
  composedOf: string[];
  fields: Fields;
  /** Fields that no component brings, or brings otherwise. */
  added: Fields;
  /** `strict` (default): a field that was forgotten is a dead letter that says so, not text that nobody can search. */
  dynamic?: 'strict' | false;
  settings?: estypes.IndicesIndexSettings;
  aliases?: Record<string, estypes.IndicesAlias>;
}

function template(
  names: Names,
  part: string,
  pattern: string,
  description: string,
  { composedOf, fields, added, dynamic = 'strict', settings = {}, aliases = {} }: TemplateOptions,
): Template {
  return {
    name: names.template(part),
    pattern,
    fields,
    body: {
      index_patterns: [pattern],
      composed_of: composedOf,
      priority: PRIORITY,
      version: TEMPLATE_VERSION,
      template: {
        settings: { index: settings },
        aliases,
        mappings: { _meta: { tipline_schema: TEMPLATE_VERSION }, dynamic, date_detection: false, properties: added },
      },
      _meta: meta(description),
    },
  };
}

function meta(description: string): estypes.Metadata {
  return { managed_by: 'tipline', tipline_schema: TEMPLATE_VERSION, description };
}
