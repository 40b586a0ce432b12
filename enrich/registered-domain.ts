import { parse } from 'tldts';

/** By the Public Suffix List with its private section: who has a name below `github.io` is an owner like one below `com`. */
const BY_OWNER = { allowPrivateDomains: true, extractHostname: false, validateHostname: false } as const;

/** The part of a canonical host name that somebody registered; undefined for a public suffix itself and for an address. */
export function registeredDomain(host: string): string | undefined {
  return parse(host, BY_OWNER).domain ?? undefined;
}

/** Do a name and its last `length` characters belong to one owner? Below a public suffix every name has an owner of its own. */
export function isOneOwner(host: string, length: number): boolean {
  const { publicSuffix, isIcann, isPrivate } = parse(host, BY_OWNER);
  // reserved names (`example`, `local`) are no suffix that anybody sells
  if (publicSuffix === null || (isIcann !== true && isPrivate !== true)) return true;
  return length > publicSuffix.length;
}
