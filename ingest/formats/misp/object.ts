import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { type Fields, isFields, listOf, textOf, timeOf, truthOf } from './fields.ts';

/** What an object says of the attributes in it. */
export interface ObjectWords {
  context: Record<string, string>;
  /** Of the object as a whole; an attribute may know better. */
  firstSeen: string | undefined;
  lastSeen: string | undefined;
  /** All of it was withdrawn. */
  deleted: boolean;
}

/** Attributes of an object that tell more of the others, by their relation; and under which name. */
const SIBLINGS: ReadonlyMap<string, string> = new Map([
  ['filename', 'filename'],
  ['fullpath', 'path'],
  ['path', 'path'],
  ['size-in-bytes', 'file_size'],
  ['mimetype', 'mime_type'],
  ['domain', 'domain'],
  ['hostname', 'hostname'],
  ['host', 'hostname'],
  ['ip', 'ip'],
  ['port', 'port'],
  ['dst-port', 'port'],
  ['url', 'url'],
]);

/** Keeps the value of an attribute that its siblings are told with: the first of its kind. */
export function noteSibling(siblings: Record<string, string>, attribute: Fields): void {
  const relation = attribute.object_relation;
  const name = typeof relation === 'string' ? SIBLINGS.get(relation) : undefined;
  if (name === undefined) return;
  const value = textOf(attribute.value, 256);
  if (value !== '') siblings[name] ??= value;
}

export function objectWords(fields: Fields, siblings: Readonly<Record<string, string>>): ObjectWords {
  const context: Record<string, string> = {};
  const name = textOf(fields.name, 64);
  const uuid = textOf(fields.uuid, 64);
  const comment = textOf(fields.comment, 256);
  if (name !== '') context.object = name;
  if (uuid !== '') context.object_uuid = uuid;
  if (comment !== '') context.object_comment = comment;
  return {
    context: { ...context, ...siblings },
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
  const context = record.context ?? {};
  for (const [name, text] of Object.entries(object.context)) if (text !== record.indicator) context[name] ??= text;
  record.context = context;
}

/** Of an object that is there whole. */
export function wordsOfObject(object: Fields): ObjectWords {
  const siblings: Record<string, string> = {};
  for (const attribute of listOf(object.Attribute)) if (isFields(attribute)) noteSibling(siblings, attribute);
  return objectWords(object, siblings);
}
