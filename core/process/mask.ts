// https://TOKEN@host and smtp://user:p@ss@host: what stands before the last @ of the authority.
const USER_INFO = /(:\/\/)[^\s/?#]*@/g;
// A password that was pasted in without % codes may hold the signs that end an authority; host:port/path@x is none.
const BROKEN_USER_INFO = /(:\/\/)[^\s:/?#@[]{0,200}:(?!\d{1,5}(?:[/?#\s]|$))\S*@/g;
// Bounded on both sides: with open repetitions a hostile text would cost cubic time.
const QUERY_SECRET = /([?&][^=&?\s]{0,40}(?:key|token|passw|secret|auth)[^=&?\s]{0,40}=)[^&\s'"]+/gi;

/** The text without the credentials that URLs in it carry, as user and password or in the query. */
export function maskSecrets(text: string): string {
  if (!text.includes('://') && !text.includes('=')) return text;
  return text
    .replace(USER_INFO, '$1[hidden]@')
    .replace(BROKEN_USER_INFO, '$1[hidden]@')
    .replace(QUERY_SECRET, '$1[hidden]');
}

/**
 * Foreign text, masked and then cut to `most` characters: cut first, a URL could lose the @ by which its password is known.
 */
export function maskedText(text: string, most: number): string {
  const enough = most * 2;
  const clean = maskSecrets(text.length > enough ? text.slice(0, enough).replace(/:\/\/\S*$/, '://') : text);
  return clean.length > most ? `${clean.slice(0, most)}…` : clean;
}
