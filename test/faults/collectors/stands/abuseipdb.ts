import type { Stand } from '../stand.ts';
import { ip } from '../values.ts';
import { listStand } from './list.ts';

const KEY = 'abuseipdb-s3cret';

export const ABUSEIPDB: readonly Stand[] = [
  listStand({
    name: 'abuseipdb',
    path: '/api/v2/blacklist',
    section: (url) => ({ type: 'abuseipdb', api_key: KEY, url, max_size: '2mb' }),
    secrets: [KEY],
    make: ip,
    contentType: 'application/json',
    conditional: false,
    body: (told, edition) =>
      JSON.stringify({
        meta: { generatedAt: new Date(Date.UTC(2026, 0, 1, edition)).toISOString() },
        data: told.map(({ value }) => ({ ipAddress: value, countryCode: 'DE', abuseConfidenceScore: 100 })),
      }),
  }),
];
