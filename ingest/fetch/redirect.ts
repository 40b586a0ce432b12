import { FetchError } from './fetch-error.ts';

/** One step of a request: where, and with which headers. */
export interface Hop {
  url: URL;
  /** For this feed alone: keys, custom headers. Empty once the request has left the origin they were meant for. */
  credentials: Readonly<Record<string, string>>;
  /** Whether it still is where these were meant for: a client certificate is shown there alone. */
  home: boolean;
}

/** How a URL is named in messages: by its origin, since paths and queries hold keys. */
export function nameOf(url: URL): string {
  return url.origin;
}

/** The first hop. User and password of the URL become a header, so that they appear nowhere else. */
export function firstHop(text: string, headers: Readonly<Record<string, string>>): Hop {
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badScheme(url);
  if (url.username === '' && url.password === '') return { url, credentials: headers, home: true };
  const authorization = basicAuthorization(unescaped(url.username), unescaped(url.password));
  url.username = '';
  url.password = '';
  return { url, credentials: { authorization, ...headers }, home: true };
}

/** The header of HTTP Basic (RFC 7617), in UTF-8. */
export function basicAuthorization(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

/**
 * Where a redirect leads. Credentials and custom headers stay behind when the origin changes, and do not come back when a later
 * redirect returns to it. From https to http is refused: anyone on the way could then write the list.
 */
export function nextHop(hop: Hop, location: string | undefined): Hop {
  if (location === undefined) {
    throw new FetchError('FEED_REDIRECT', `${nameOf(hop.url)} redirects without saying where to`, { retryable: true });
  }
  let url: URL;
  try {
    url = new URL(location, hop.url);
  } catch (cause) {
    throw new FetchError('FEED_REDIRECT', `${nameOf(hop.url)} redirects to something that is no URL`, {
      cause,
      retryable: true,
    });
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badScheme(url);
  if (hop.url.protocol === 'https:' && url.protocol === 'http:') {
    throw new FetchError(
      'FEED_REDIRECT',
      `${nameOf(hop.url)} redirects from https to ${nameOf(url)}, where anyone on the way could change the list; that is refused`,
      { retryable: false },
    );
  }
  url.username = '';
  url.password = '';
  const same = url.origin === hop.url.origin;
  return { url, credentials: same ? hop.credentials : {}, home: hop.home && same };
}

/**
 * Where a redirect of a POST leads. 307 and 308 ask for the same request elsewhere (RFC 9110, section 15.4.8), which is done within the
 * origin: a body may hold keys, too. The others have clients come back with a GET, which is another question.
 */
export function nextPostHop(hop: Hop, status: number, location: string | undefined): Hop {
  const next = nextHop(hop, location);
  if (status !== 307 && status !== 308) {
    throw new FetchError(
      'FEED_REDIRECT',
      `${nameOf(hop.url)} answers a POST with a redirect (${status}) to ${nameOf(next.url)} that would lose what was asked; give the feed the address where its service is now`,
      { retryable: false },
    );
  }
  if (next.url.origin !== hop.url.origin) {
    throw new FetchError(
      'FEED_REDIRECT',
      `${nameOf(hop.url)} sends a POST on to ${nameOf(next.url)}, which gets nothing that was meant for the first; give the feed that address if it is right`,
      { retryable: false },
    );
  }
  return next;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // a percent sign that escapes nothing is meant as one
    return text;
  }
}

function badScheme(url: URL): FetchError {
  return new FetchError('FEED_REDIRECT', `only http and https are fetched, not ${url.protocol.slice(0, 20)}`, {
    retryable: false,
  });
}
