/** The texts of a claim that can be long. */
export interface ClaimTexts {
  source: string;
  ref: string;
  description: string;
  reference: string;
  tags: readonly string[];
  categories: readonly string[];
  malware: readonly string[];
}

/** UTF-8 bytes that the texts of one claim may take: a state holds 64 claims, and a document must fit into one record of the bus. */
export const MOST_CLAIM_BYTES = 2_048;

/**
 * Cuts what is too long: the description first, then categories, tags and malware names from the end, then the reference. The same record is
 * always cut the same, so its content hash stays.
 */
export function withinSize<T extends ClaimTexts>(texts: T): T {
  // no text takes more than three bytes a character: nearly all claims are done here
  if (lengthOf(texts) * 3 <= MOST_CLAIM_BYTES) return texts;
  let over = bytesOf(texts) - MOST_CLAIM_BYTES;
  if (over <= 0) return texts;
  const cut: T = { ...texts };
  cut.description = cutText(cut.description, over);
  over = bytesOf(cut) - MOST_CLAIM_BYTES;
  for (const list of ['categories', 'tags', 'malware'] as const) {
    if (over > 0) cut[list] = cutList(cut[list], over);
    over = bytesOf(cut) - MOST_CLAIM_BYTES;
  }
  if (over > 0) cut.reference = cutText(cut.reference, over);
  return cut;
}

function lengthOf({ source, ref, description, reference, tags, categories, malware }: ClaimTexts): number {
  let length = source.length + ref.length + description.length + reference.length;
  for (const list of [tags, categories, malware]) for (const word of list) length += word.length;
  return length;
}

function bytesOf({ source, ref, description, reference, tags, categories, malware }: ClaimTexts): number {
  return Buffer.byteLength([source, ref, description, reference, ...tags, ...categories, ...malware].join(''));
}

/** Without at least `bytes` bytes of its end, if it has them. */
function cutText(text: string, bytes: number): string {
  const kept = Buffer.from(text).subarray(0, Math.max(0, Buffer.byteLength(text) - bytes));
  return kept
    .toString()
    .replace(/\ufffd+$/, '')
    .trimEnd();
}

function cutList(words: readonly string[], bytes: number): readonly string[] {
  let left = bytes;
  let count = words.length;
  while (count > 0 && left > 0) {
    count -= 1;
    left -= Buffer.byteLength(words[count] ?? '');
  }
  return words.slice(0, count);
}
