import { registeredDomain } from '../registered-domain.ts';

const quote = JSON.stringify;

/** The host of a domain indicator, for `threat.indicator.url`: JSON text without the outer braces. */
export function domainText(domain: string, name: string): string {
  const registered = registeredDomain(domain);
  return registered === undefined ? `"domain":${name}` : `"domain":${name},"registered_domain":${quote(registered)}`;
}

export interface UrlText {
  /** Inside `threat.indicator.url`. */
  readonly text: string;
  readonly domain: string;
}

/**
 * Cuts a canonical URL into its ECS parts: by hand, because it is well-formed and `new URL` costs as much as all the rest. `name` = the URL
 * as JSON text; `original` = as the source wrote it, where that is another text.
 */
export function urlText(value: string, name: string, original: string | undefined): UrlText {
  const schemeEnd = value.indexOf('://');
  const hostStart = schemeEnd + 3;
  let hostEnd = hostStart;
  while (hostEnd < value.length && !'/?#'.includes(value.charAt(hostEnd))) hostEnd += 1;
  const authority = value.slice(
    value.lastIndexOf('@', hostEnd - 1) >= hostStart ? value.lastIndexOf('@', hostEnd - 1) + 1 : hostStart,
    hostEnd,
  );
  const portMatch = /:(\d{1,5})$/.exec(authority);
  const host = portMatch === null ? authority : authority.slice(0, portMatch.index);
  const domain = host.startsWith('[') ? host.slice(1, -1) : host;
  const queryAt = value.indexOf('?', hostEnd);
  const path = value.slice(hostEnd, queryAt < 0 ? undefined : queryAt);

  let url = `"full":${name},"original":${original === undefined ? name : quote(original)},"scheme":${quote(value.slice(0, schemeEnd))},${hostText(domain)}`;
  if (portMatch !== null) url += `,"port":${Number(portMatch[1])}`;
  if (path !== '') url += `,"path":${quote(path)}`;
  if (queryAt >= 0 && queryAt + 1 < value.length) url += `,"query":${quote(value.slice(queryAt + 1))}`;
  const extension = /\.([A-Za-z0-9]{1,10})$/.exec(path)?.[1];
  if (extension !== undefined) url += `,"extension":${quote(extension)}`;
  return { text: url, domain };
}

/** An address has no registered domain: names do not end in a number, and have no colon. */
function hostText(domain: string): string {
  const last = domain.charCodeAt(domain.length - 1);
  const isAddress = (last >= 48 && last <= 57) || domain.includes(':');
  return isAddress ? `"domain":${quote(domain)}` : domainText(domain, quote(domain));
}
