import { gzipSync } from 'node:zlib';
import type { Stand } from '../stand.ts';
import { asn, cidr, cidr6, cve, url as urlOf } from '../values.ts';
import { linesOf, listStand } from './list.ts';

const PHISHTANK_KEY = 'phishtanks3cret';

const drop = (name: string, file: string, make: typeof cidr): Stand =>
  listStand({
    name,
    path: `/drop/${file}`,
    section: (url) => ({ type: 'spamhaus-drop', url, max_size: '2mb' }),
    make,
    contentType: 'application/json',
    body: (told) => {
      const entries = linesOf(told, (value, index) =>
        JSON.stringify(
          value.startsWith('AS')
            ? { asn: Number(value.slice(2)), rir: 'ripencc' }
            : { cidr: value, sblid: `SBL${index}` },
        ),
      );
      return `${entries}{"type":"metadata","timestamp":1769817600,"size":1,"records":${told.length},"copyright":"(c)"}\n`;
    },
  });

export const NAMED_LISTS: readonly Stand[] = [
  listStand({
    name: 'dshield',
    path: '/block.txt',
    section: (url) => ({ type: 'dshield', url, max_size: '2mb' }),
    make: cidr,
    body: (told) =>
      `#\n# DShield.org Recommended Block List\n#\nStart\tEnd\tNetmask\tAttacks\tName\tCountry\temail\n` +
      linesOf(told, (value) => {
        const start = value.slice(0, -'/24'.length);
        return `${start}\t${start.replace(/\.0$/, '.255')}\t24\t3012\tEXAMPLE-NET\tDE\tabuse@example.org`;
      }),
  }),
  listStand({
    name: 'kev',
    path: '/known_exploited_vulnerabilities.json',
    section: (url) => ({ type: 'kev', url, max_size: '2mb' }),
    make: cve,
    contentType: 'application/json',
    body: (told, edition) =>
      JSON.stringify({
        title: 'catalogue',
        catalogVersion: `2026.01.${edition}`,
        count: told.length,
        vulnerabilities: told.map(({ value }) => ({
          cveID: value,
          vendorProject: 'Example',
          dateAdded: '2026-01-01',
          shortDescription: 'A flaw.',
        })),
      }),
  }),
  listStand({
    name: 'phishtank',
    path: `/data/${PHISHTANK_KEY}/online-valid.json.gz`,
    section: (url) => ({ type: 'phishtank', app_key: PHISHTANK_KEY, url, max_size: '2mb' }),
    secrets: [PHISHTANK_KEY],
    make: urlOf,
    contentType: 'application/octet-stream',
    body: (told) =>
      gzipSync(
        JSON.stringify(
          told.map(({ value }, index) => ({
            phish_id: index + 1,
            url: value,
            submission_time: '2026-01-01T05:00:00+00:00',
            verified: 'yes',
            online: 'yes',
            target: 'Other',
          })),
        ),
      ),
  }),
  drop('spamhaus drop_v4', 'drop_v4.json', cidr),
  drop('spamhaus drop_v6', 'drop_v6.json', cidr6),
  drop('spamhaus asndrop', 'asndrop.json', asn),
];
