import { installedIn } from './listing.ts';
import type { Nft } from './nft-process.ts';
import type { Renewal } from './script.ts';
import { FAMILY, TABLE, TABLE_NAME } from './table.ts';

const SET = 'probe4';
/** From a documentation block; the set is in no rule. */
const ADDRESS = '192.0.2.1';

/**
 * Finds out what this kernel and this nft can do, by doing it in our own table: an element with 60 s is added again with
 * `expires 10s`. Linux before 6.12 ignores that and says nothing.
 */
export async function probeRenewal(nft: Nft): Promise<Renewal> {
  const elements = `element ${TABLE} ${SET} { ${ADDRESS} timeout 60s`;
  await nft(['-f', '-'], `add set ${TABLE} ${SET} { type ipv4_addr; flags timeout; }\nadd ${elements} }\n`);
  const renewed = await nft(['-f', '-'], `add ${elements} expires 10s }\n`);
  const listed = await nft(['-j', 'list', 'set', FAMILY, TABLE_NAME, SET]);
  await nft(['-f', '-'], `delete set ${TABLE} ${SET}\n`);
  if (!renewed.ok || !listed.ok) return 'replace';
  const [element] = installedIn(listed.stdout, 0);
  return element !== undefined && element.until <= 10_000 ? 'expires' : 'replace';
}
