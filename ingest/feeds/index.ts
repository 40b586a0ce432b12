import type { FeedDefinition, FeedParse } from '../feed.ts';
import { abuseipdb } from './abuseipdb.ts';
import { directory } from './directory.ts';
import { dshield } from './dshield.ts';
import { feodo } from './feodo.ts';
import { file } from './file.ts';
import { httpList } from './http-list.ts';
import { httpPush } from './http-push.ts';
import { kafka } from './kafka.ts';
import { kev } from './kev.ts';
import { malwarebazaar } from './malwarebazaar.ts';
import { misp } from './misp.ts';
import { mispFeed } from './misp-feed.ts';
import { mispFile } from './misp-file.ts';
import { otx } from './otx.ts';
import { phishtank } from './phishtank.ts';
import { spamhausDrop } from './spamhaus-drop.ts';
import { sslbl } from './sslbl.ts';
import { stixFile } from './stix-file.ts';
import { taxii1 } from './taxii1.ts';
import { taxii2 } from './taxii2.ts';
import { tcp } from './tcp.ts';
import { threatfox } from './threatfox.ts';
import { urlhaus } from './urlhaus.ts';

/** Every source that tipline can read. A new one is one file and one line here. */
export const FEEDS: readonly FeedDefinition[] = [
  abuseipdb,
  directory,
  dshield,
  feodo,
  file,
  httpList,
  httpPush,
  kafka,
  kev,
  malwarebazaar,
  misp,
  mispFeed,
  mispFile,
  otx,
  phishtank,
  spamhausDrop,
  sslbl,
  stixFile,
  taxii1,
  taxii2,
  tcp,
  threatfox,
  urlhaus,
];

/** Checks one entry of the configuration's `feeds`, and tells what is wrong with it. */
export function parseFeed(section: unknown): FeedParse {
  const type = typeof section === 'object' && section !== null && 'type' in section ? section.type : undefined;
  const definition = FEEDS.find((each) => each.type === type);
  if (definition !== undefined) return definition.parse(section);
  const message = `must be one of ${FEEDS.map((each) => each.type).join(', ')}`;
  return { ok: false, issues: [{ code: 'custom', path: ['type'], message, input: type }] };
}
