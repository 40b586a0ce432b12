import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EcsFlat } from '@elastic/ecs';
import { createNames } from '../../../store/elasticsearch/names.ts';
import { createCatalogue, type Template } from '../../../store/elasticsearch/templates/catalogue.ts';
import type { Field, Fields } from '../../../store/elasticsearch/templates/fields.ts';
import { OLD_NAMES, OLD_TEXTS } from '../../../store/elasticsearch/templates/old-names.ts';

/** What is ours alone: everything else in a document is ECS, or is not written. */
const OWN_ROOTS = new Set(['tipline']);
/** ECS has free keys there. */
const FREE_KEYS: Readonly<Record<string, string>> = { 'labels.is_ioc_transform_source': 'keyword' };

interface EcsField {
  type: string;
  ignore_above?: number;
  index?: boolean;
  doc_values?: boolean;
}

const table: ReadonlyMap<string, EcsField> = new Map(Object.entries(EcsFlat));

function catalogue(types: { wildcard: boolean; flattened: boolean }) {
  return createCatalogue(createNames(''), { shards: 1, replicas: 0, refresh_interval: '5s' }, types);
}

function templateOf(part: string, types: { wildcard: boolean; flattened: boolean }): Template {
  const found = catalogue(types).templates.find(({ name }) => name === `tipline_${part}`);
  assert.ok(found, part);
  return found;
}

/** Leaves by dotted path. */
function leaves(fields: Fields, above = ''): Map<string, Field> {
  const found = new Map<string, Field>();
  for (const [name, field] of Object.entries(fields)) {
    const path = above === '' ? name : `${above}.${name}`;
    if ('properties' in field && field.properties !== undefined) {
      for (const [deeper, leaf] of leaves(field.properties, path)) found.set(deeper, leaf);
    } else {
      found.set(path, field);
    }
  }
  return found;
}

/** `keyword` may stand in for `wildcard` on a server that has none: both are matched by terms. */
function isEcsType(field: Field, ecs: EcsField, wildcard: boolean): boolean {
  const type = 'type' in field ? field.type : 'object';
  return type === ecs.type || (!wildcard && ecs.type === 'wildcard' && type === 'keyword');
}

describe('templates of indicator documents', () => {
  for (const types of [
    { wildcard: true, flattened: true },
    { wildcard: false, flattened: false },
  ]) {
    describe(`on a server ${types.wildcard ? 'with' : 'without'} wildcard and flattened`, () => {
      it('give every ECS field the type that ECS gives it', () => {
        let checked = 0;
        for (const [path, field] of leaves(templateOf('current', types).fields)) {
          if (OWN_ROOTS.has(path.split('.')[0] ?? '')) continue;
          const free = FREE_KEYS[path];
          const ecs = free === undefined ? table.get(path) : { type: free };
          assert.ok(ecs, `${path} is not in ECS`);
          assert.ok(isEcsType(field, ecs, types.wildcard), `${path}: ${JSON.stringify(field)} is not ${ecs.type}`);
          if ('ignore_above' in field && ecs.ignore_above !== undefined) {
            assert.equal(field.ignore_above, ecs.ignore_above, path);
          }
          if (ecs.index === false) assert.equal('index' in field && field.index, false, path);
          checked += 1;
        }
        assert.ok(checked > 80, `${checked} fields`);
      });

      it('let no term be longer than the server takes', () => {
        for (const { fields } of catalogue(types).templates) {
          for (const [path, field] of leaves(fields)) {
            if (!('type' in field) || (field.type !== 'keyword' && field.type !== 'flattened')) continue;
            if ('index' in field && field.index === false) continue;
            assert.ok('ignore_above' in field && (field.ignore_above ?? Infinity) * 4 <= 32_766, path);
          }
        }
      });

      it('point every old name at a field that is there, in history alone', () => {
        const history = leaves(templateOf('history', types).fields);
        const current = leaves(templateOf('current', types).fields);
        for (const [name, path] of Object.entries(OLD_NAMES)) {
          assert.deepEqual(history.get(name), { type: 'alias', path }, name);
          assert.ok(history.has(path), path);
          assert.ok(!current.has(name), name);
        }
        for (const [name, path] of Object.entries(OLD_TEXTS)) {
          assert.ok('fields' in (history.get(name) ?? {}), name);
          assert.equal((history.get(path) as { copy_to?: string }).copy_to, name, path);
          assert.ok(!current.has(name), name);
        }
      });

      it('use nothing that the server has not', () => {
        const used = new Set<string>();
        for (const { fields } of catalogue(types).templates) {
          for (const field of leaves(fields).values()) used.add('type' in field ? String(field.type) : 'object');
        }
        assert.equal(used.has('wildcard'), types.wildcard);
        assert.equal(used.has('flattened'), types.flattened);
        for (const type of ['constant_keyword', 'match_only_text', 'scaled_float', 'version', 'unsigned_long']) {
          assert.ok(!used.has(type), type);
        }
      });
    });
  }

  it('name no lifecycle policy', () => {
    assert.doesNotMatch(JSON.stringify(catalogue({ wildcard: true, flattened: true })), /lifecycle|ilm/i);
  });
});
