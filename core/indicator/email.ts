import { canonicalDomain } from './domain.ts';

// The atoms of RFC 5322. Dots are let in anywhere: some providers gave out addresses that break the rule on them.
const LOCAL = /^[a-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}$/;

/**
 * An e-mail address in lower case, both parts: RFC 5321 lets a mailbox tell cases apart, but no provider of weight does,
 * and two spellings of one mailbox must be one indicator. `mailto:` is dropped. Quoted local parts,
 * other scripts and address literals (`user@[192.0.2.1]`) are refused.
 */
export function canonicalEmail(text: string): string | undefined {
  const address = text.toLowerCase().replace(/^mailto:/, '');
  const at = address.lastIndexOf('@');
  if (at < 1 || !LOCAL.test(address.slice(0, at))) return undefined;
  const host = address.slice(at + 1);
  // Unlike a domain, an address has no place for a port.
  if (/[:|]/.test(host)) return undefined;
  const domain = canonicalDomain(host);
  return domain === undefined ? undefined : `${address.slice(0, at)}@${domain}`;
}
