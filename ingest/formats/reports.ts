import { urlHost } from '../../core/indicator/url.ts';

/** Hosts, and below them where more than reports stand on a host the beginning of a path: sandboxes, catalogues, the pages of those who write about threats. */
const PLACES: readonly string[] = (
  'virustotal.com app.any.run any.run/report urlscan.io/result hybrid-analysis.com joesandbox.com tria.ge otx.alienvault.com bazaar.abuse.ch ' +
  'urlhaus.abuse.ch threatfox.abuse.ch app.sekoia.io attack.mitre.org cve.mitre.org nvd.nist.gov cisa.gov msrc.microsoft.com ' +
  'linkedin.com/posts linkedin.com/pulse linkedin.com/feed isc.sans.edu/diary malware-traffic-analysis.net thedfirreport.com ' +
  'welivesecurity.com securelist.com unit42.paloaltonetworks.com researchcenter.paloaltonetworks.com talosintelligence.com news.sophos.com ' +
  'research.checkpoint.com volexity.com/blog zscaler.com/blogs proofpoint.com/us/blog crowdstrike.com/blog microsoft.com/security/blog ' +
  'microsoft.com/en-us/security/blog fireeye.com/blog mandiant.com/resources cloud.google.com/blog trendmicro.com symantec-enterprise-blogs.security.com ' +
  'decoded.avast.io citizenlab.ca elastic.co/security-labs recordedfuture.com sentinelone.com malwarebytes.com/blog kaspersky.com/blog ' +
  'cyble.com/blog bleepingcomputer.com thehackernews.com krebsonsecurity.com securityaffairs.com therecord.media wikipedia.org'
).split(' ');
const HOSTS = new Set(PLACES.filter((place) => !place.includes('/')));
const PATHS = PLACES.filter((place) => place.includes('/'));
const POST = /^(?:mobile\.)?(?:twitter|x)\.com$/;

/**
 * True for a page on which people tell and look up what they found, by its canonical URL. Undisguised it is where something was told, and no
 * indicator; whoever means such a page itself disarms it, or names its type.
 */
export function isReport(url: string): boolean {
  const host = urlHost(url).replace(/^www\./, '');
  const path = url.slice(url.indexOf('/', url.indexOf('://') + 3));
  if (POST.test(host)) return /^\/[^/]+\/status\/\d/.test(path);
  for (let name = host; name.includes('.'); name = name.slice(name.indexOf('.') + 1)) {
    if (HOSTS.has(name)) return true;
  }
  return PATHS.some((place) => `${host}${path}`.startsWith(place));
}
