import type { Stand } from '../stand.ts';
import { ABUSE_CH } from './abuse-ch.ts';
import { ABUSEIPDB } from './abuseipdb.ts';
import { CATALOGUE_LISTS } from './catalogue.ts';
import { HTTP_LISTS } from './http-list.ts';
import { MISP } from './misp.ts';
import { MISP_FEED } from './misp-feed.ts';
import { NAMED_LISTS } from './named-lists.ts';
import { OTX } from './otx.ts';
import { TAXII1 } from './taxii1.ts';
import { TAXII2 } from './taxii2.ts';

/** Every feed that fetches, in each of its ways. */
export const STANDS: readonly Stand[] = [
  ...ABUSEIPDB,
  ...NAMED_LISTS,
  ...ABUSE_CH,
  ...OTX,
  ...HTTP_LISTS,
  ...CATALOGUE_LISTS,
  ...MISP,
  ...MISP_FEED,
  ...TAXII1,
  ...TAXII2,
];
