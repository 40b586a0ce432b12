import { FetchError } from './fetch-error.ts';

/** One step of a request: where, and with which headers. */
export interface Hop {
  url: URL;
  /** For this feed alone: keys, custom headers. Empty once the request has left the origin they were meant for. */
  credentials: Readonly<Record<string, string>>;
}

/** How a URL is named in messages: by its origin, since paths and queries hold keys. */
export function nameOf(url: URL): string {
  return url.origin;
}

/** The first hop. User and password of the URL become a header, so that they appear nowhere else. */
export function firstHop(text: string, headers: Readonly<Record<string, string>>): Hop {
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw badScheme(url);
  if (url.username === '' && url.password === '') return { url, credentials: headers };
  const user = `${unescaped(url.username)}:${unescaped(url.password)}`;
  url.username = '';
  url.password = '';
  return { url, credentials: { authorization: `Basic ${Buffer.from(user).toString('base64')}`, ...headers } };
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
  return { url, credentials: url.origin === hop.url.origin ? hop.credentials : {} };
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
