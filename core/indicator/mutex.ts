/** Windows stops at MAX_PATH (260); other systems, and names written with their namespace, go a little further. */
const MOST = 512;

/** The name as it is, case and inner spaces included: a kernel compares names of objects byte by byte. */
export function canonicalMutex(text: string): string | undefined {
  const name = text.trim();
  return name.length > 0 && name.length <= MOST ? name : undefined;
}
