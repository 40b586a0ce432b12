import type { FileParticulars } from '../../core/contract/enriched-document.ts';
import type { FileHash } from '../../core/contract/raw-indicator.ts';

const quote = JSON.stringify;

export interface FileText {
  /** Inside `threat.indicator.file`, JSON text without the outer braces. */
  readonly text: string;
  /** For `related.hash`: JSON texts with commas between. */
  readonly hashes: string;
}

/** A hash indicator, with what its source knows of that file: its other hashes, name, size and type. `name` = the hash as JSON text. */
export function fileText(type: FileHash, name: string, file: FileParticulars | undefined): FileText {
  let hash = type === 'imphash' ? '' : `"${type}":${name}`;
  let imphash = type === 'imphash' ? name : '';
  let hashes = name;
  let text = '';
  if (file !== undefined) {
    for (const kind in file.hashes) {
      const value = file.hashes[kind as FileHash];
      if (kind === type || value === undefined) continue;
      const quoted = quote(value);
      hashes += `,${quoted}`;
      if (kind === 'imphash') imphash = quoted;
      else hash += `${hash === '' ? '' : ','}"${kind}":${quoted}`;
    }
    if (file.name !== undefined) text += `,"name":${quote(file.name)}`;
    if (file.size !== undefined) text += `,"size":${file.size}`;
    if (file.type !== undefined) text += `,"${MIME_TYPE.test(file.type) ? 'mime_type' : 'type'}":${quote(file.type)}`;
  }
  if (imphash !== '') text = `,"pe":{"imphash":${imphash}}${text}`;
  if (hash !== '') text = `,"hash":{${hash}}${text}`;
  return { text: text.slice(1), hashes };
}

/** RFC 6838, section 4.2. */
const MIME_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*$/i;
