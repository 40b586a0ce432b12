import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { isFileHash, type RawFile, type RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { listOf, numberOf, textOf, timeOf, truthOf } from './fields.ts';

/** What the attributes of an object say of each other. */
export interface Siblings {
  readonly context: Record<string, string>;
  readonly file: RawFile;
  port?: number;
  /** Two hashes of one kind: they are of several files. */
  manyFiles?: true;
}

/** What an object says of the attributes in it. */
export interface ObjectWords {
  uuid: string;
  context: Record<string, string>;
  file: RawFile | undefined;
  port: number | undefined;
  /** Of the object as a whole; an attribute may know better. */
  firstSeen: string | undefined;
  lastSeen: string | undefined;
  /** All of it was withdrawn. */
  deleted: boolean;
}

/** Attributes of an object that tell more of the others, by their relation; and under which name. */
const SIBLINGS: ReadonlyMap<string, string> = new Map([
  ['fullpath', 'path'],
  ['path', 'path'],
  ['domain', 'domain'],
  ['hostname', 'hostname'],
  ['host', 'hostname'],
  ['ip', 'ip'],
  ['url', 'url'],
]);
const VALUE_LENGTH = 256;

export function noSiblings(): Siblings {
  return { context: {}, file: {} };
}

/** Keeps the value of an attribute that its siblings are told with: the first of its kind. */
export function noteSibling(siblings: Siblings, attribute: Fields): void {
  const relation = attribute.object_relation;
  const value = textOf(attribute.value, VALUE_LENGTH);
  if (typeof relation !== 'string' || value === '' || truthOf(attribute.deleted, false)) return;
  const { file } = siblings;
  switch (relation) {
    case 'filename':
      file.name ??= value;
      return;
    case 'mimetype':
      file.type ??= value;
      return;
    case 'size-in-bytes': {
      const size = numberOf(value);
      if (size !== undefined) file.size ??= size;
      return;
    }
    case 'port':
    case 'dst-port': {
      const port = numberOf(value);
      if (port !== undefined) siblings.port ??= port;
      return;
    }
    default:
      if (isFileHash(relation)) {
        file.hashes ??= {};
        if ((file.hashes[relation] ?? value) !== value) siblings.manyFiles = true;
        file.hashes[relation] = value;
        return;
      }
      noteContext(siblings.context, SIBLINGS.get(relation), value);
  }
}

function noteContext(context: Record<string, string>, name: string | undefined, value: string): void {
  if (name !== undefined) context[name] ??= value;
}

export function objectWords(fields: Fields, { context: siblings, file, port, manyFiles }: Siblings): ObjectWords {
  const context: Record<string, string> = {};
  const name = textOf(fields.name, 64);
  const comment = textOf(fields.comment, 256);
  if (name !== '') context.object = name;
  if (comment !== '') context.object_comment = comment;
  const { hashes: _, ...ofAny } = file;
  const known = manyFiles === true ? ofAny : file;
  return {
    uuid: textOf(fields.uuid, 64),
    context: { ...context, ...siblings },
    file: Object.keys(known).length === 0 ? undefined : known,
    port,
    firstSeen: timeOf(fields.first_seen),
    lastSeen: timeOf(fields.last_seen),
    deleted: truthOf(fields.deleted, false),
  };
}

/** Adds to a record what its object says; an attribute is no context of itself. */
export function addObject(record: RawIndicator, object: ObjectWords): void {
  if (object.firstSeen !== undefined) record.first_seen ??= object.firstSeen;
  if (object.lastSeen !== undefined) record.last_seen ??= object.lastSeen;
  if (object.deleted) record.revoked = true;
  if (object.uuid !== '') record.object_id = object.uuid;
  if (object.file !== undefined && isFileHash(record.type)) record.file = { ...object.file, ...record.file };
  if (object.port !== undefined && (record.type === 'ip' || record.type === 'domain')) record.port ??= object.port;
  const context = record.context ?? {};
  for (const [name, text] of Object.entries(object.context)) if (text !== record.indicator) context[name] ??= text;
  record.context = context;
}

/** Of an object that is there whole. */
export function wordsOfObject(object: Fields): ObjectWords {
  const siblings = noSiblings();
  for (const attribute of listOf(object.Attribute)) if (isFields(attribute)) noteSibling(siblings, attribute);
  return objectWords(object, siblings);
}
