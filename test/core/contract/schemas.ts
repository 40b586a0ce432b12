import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Ajv2020, type AnySchemaObject } from 'ajv/dist/2020.js';

const folder = join(import.meta.dirname, '../../../core/contract/schema');

export const SCHEMA_NAMES = [
  'raw-indicator',
  'enriched-document',
  'history-document',
  'action',
  'dead-letter',
] as const;
export type SchemaName = (typeof SCHEMA_NAMES)[number];

/** Every schema of the contract by its name, as it stands in its file. */
export const schemas: ReadonlyMap<string, AnySchemaObject> = new Map(
  globSync('*.schema.json', { cwd: folder }).map((file) => [
    basename(file, '.schema.json'),
    JSON.parse(readFileSync(join(folder, file), 'utf8')) as AnySchemaObject,
  ]),
);

// strict: a word that is no keyword of JSON Schema, or one that can never apply, is an error and not ignored
const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, strictRequired: false, allErrors: true });
// RFC 3339; the parts are told apart by Date
ajv.addFormat('date-time', (text) => /^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text)));
for (const schema of schemas.values()) ajv.addSchema(schema);

/** What is wrong with a document by the schema of that name (or a part of it, `#/$defs/…`); nothing when it is valid. */
export function faults(name: SchemaName, document: unknown, part = ''): string[] {
  const validate = ajv.getSchema(`${name}.schema.json${part}`);
  if (validate === undefined) throw new Error(`there is no schema ${name}${part}`);
  validate(document);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath || '(root)'} ${message} ${JSON.stringify(params)}`,
  );
}

/** The part of a schema that a reference names, relative to the schema that it stands in. */
export function resolve(name: string, reference: string): { name: string; schema: AnySchemaObject } {
  const [file = '', path = ''] = reference.split('#');
  const home = file === '' ? name : file.replace('.schema.json', '');
  let schema: AnySchemaObject | undefined = schemas.get(home);
  for (const key of path.split('/').filter(Boolean)) schema = schema?.[key] as AnySchemaObject | undefined;
  if (schema === undefined) throw new Error(`${name}: ${reference} leads nowhere`);
  return { name: home, schema };
}
