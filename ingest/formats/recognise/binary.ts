import { encodingOf } from '../encoding.ts';

const MAGIC: readonly (readonly [bytes: string, what: string])[] = [
  ['PK\x03\x04', 'a ZIP archive (or a document of an office program); unpack it first'],
  ['%PDF-', 'a PDF; save it as text first'],
  ['MZ', 'a Windows program'],
  ['\x7fELF', 'a Linux program'],
  ['SQLite format 3\0', 'an SQLite database'],
  ['BZh', 'a bzip2 file; unpack it first'],
  ['\xfd7zXZ\0', 'an xz file; unpack it first'],
  ['\x28\xb5\x2f\xfd', 'a Zstandard file; unpack it first'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive; unpack it first'],
  ['Rar!\x1a\x07', 'a RAR archive; unpack it first'],
  ['\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1', 'a document of an old office program; save it as text first'],
  ['\xd4\xc3\xb2\xa1', 'a network capture'],
  ['\x89PNG', 'a picture'],
  ['\xff\xd8\xff', 'a picture'],
];
/** Of a hundred characters so many may be control characters or broken UTF-8 before it is no text. */
const MOST_ODD = 0.05;
/** What has more letters above ASCII than this and is no UTF-8 is no text of Western Europe either. */
const MOST_HIGH = 0.4;

/** What kind of binary data begins so, to be told to whoever gave it; undefined for text. */
export function binaryKind(head: Buffer): string | undefined {
  const latin = head.toString('latin1');
  if (latin.includes('\xab\xcd\xefMaxMind.com')) return 'a MaxMind database; "enrich: geo:" reads it';
  const magic = MAGIC.find(([bytes]) => latin.startsWith(bytes));
  // `MZ` and `BZh` can begin a text
  if (magic !== undefined && (magic[0].length > 3 || latin.includes('\0'))) return magic[1];
  if (latin.includes('\0')) return 'binary data';
  const encoding = encodingOf(head);
  let odd = 0;
  let high = 0;
  const text = new TextDecoder(encoding).decode(head);
  for (const char of text) {
    if (char === '\ufffd' || (char < ' ' && !'\t\n\r\f\v'.includes(char)) || (char >= '\x7f' && char < '\xa0'))
      odd += 1;
    if (char > '\x7f') high += 1;
  }
  const foreign = encoding === 'windows-1252' && high > text.length * MOST_HIGH;
  return foreign || odd > text.length * MOST_ODD ? 'binary data' : undefined;
}
