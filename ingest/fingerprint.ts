import { hash } from 'node:crypto';

/**
 * A short name for a feed's configuration as it is now. A list is read in full when it changes, because new tags or another column map
 * mean other records although the list is the same. Secrets stay out: the fingerprint is kept in the store.
 */
export function fingerprintOf(config: object, secrets: readonly string[]): string {
  const told = Object.entries(config)
    .filter(([key]) => !secrets.includes(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha256', JSON.stringify(told), 'hex').slice(0, 16);
}
