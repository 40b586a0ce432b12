/**
 * A text that is to be kept. What a parser hands out are views into the piece of the document they came from, and one short name kept keeps
 * all of its 64 KB.
 */
export function ownCopy(text: string): string {
  return Buffer.from(text).toString();
}
