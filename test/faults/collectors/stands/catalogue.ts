import { join } from 'node:path';
import { readCatalogue, useEntry } from '../../../../ingest/catalogue.ts';
import type { Stand, Told } from '../stand.ts';
import { ip, url as urlOf } from '../values.ts';
import { linesOf, listStand } from './list.ts';

const catalogue = readCatalogue(join(import.meta.dirname, '../../../../rules/feeds.yaml'));

/** What a user writes, `use: NAME`, with the address of a server of ours. */
function usedStand(use: string, make: (number: number) => Told, body: (told: readonly Told[]) => string): Stand {
  return listStand({
    name: `use: ${use}`,
    path: `/${use}.txt`,
    section(url) {
      const used = useEntry({ use, name: use, url, max_size: '2mb' }, catalogue);
      if (!used.ok) throw new Error(JSON.stringify(used.issues));
      return used.section;
    },
    make,
    body,
  });
}

const plain = (told: readonly Told[]): string => linesOf(told, (value) => value);

export const CATALOGUE_LISTS: readonly Stand[] = [
  usedStand('openphish', urlOf, plain),
  usedStand('blocklist-de', ip, plain),
  usedStand('cins', ip, plain),
  usedStand('et-compromised', ip, plain),
  usedStand('tor-exits', ip, plain),
  usedStand('ipsum', ip, (told) => `# IPsum\n#\n${linesOf(told, (value, index) => `${value}\t${9 - (index % 9)}`)}`),
];
