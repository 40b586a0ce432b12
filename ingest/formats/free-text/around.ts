/** What the words around a name say of it. Each looks at a bounded stretch of text that ends or begins at the name. */

const QUOTE = '["\'`\\u2018\\u201c(\\[]{0,2}';
/** `the script x.pl`, `perl x.pl`, `saved as "x.pl"`, `./x.pl`. */
const FILE_BEFORE = new RegExp(
  `(?:\\b(?:files?|filenames?|scripts?|modules?|programs?|binary|executable|archive|attachment|document|package|library|named|called|runs?|running|ran|executes?|executed|executing|perl|python3?|bash|chmod|cat|vim?|nano|source|imports?|includes?|opens?|edits?|unzip|saved as|dropped|drops|writes?|installs?)[:=]?\\s{1,2}${QUOTE}|[\`/\\\\])$`,
  'i',
);
/** `x.pl:12`, `x.pl --help`, `x.pl file`. */
const FILE_BEHIND =
  /^(?::\d{1,6}\b(?!\/)|["'`\u2019\u201d)]?\s(?:files?|scripts?|modules?|archive|(?:was|is|were|are|gets?) (?:dropped|executed|run|launched|written|created|deleted|saved))\b|\s--?[A-Za-z])/i;
const HOST_BEFORE = new RegExp(
  `\\b(?:domains?|hosts?|hostnames?|fqdns?|sites?|websites?|servers?|c2s?|c&c|cnc|urls?|dns|resolve[sd]?|resolving|visit(?:s|ed|ing)?|contact(?:s|ed|ing)?|connect(?:s|ed|ing)? to|communicat\\w{1,4} with|beacon(?:s|ed|ing)? to|hosted (?:on|at)|registered)[:=]?\\s{0,2}${QUOTE}$`,
  'i',
);
/** An assignment, a call, an operator. */
const CODE_BEHIND = /^(?:\s?(?:[=!]?==?|[+*]|->|&&|\?\?)|[([]|\.\w)/;
const CODE_BEFORE = /(?:->|=>|\bnew |\breturn |\bvar |\blet |\bconst )$/;

/** Rules of dnsmasq, which hold names between slashes: `server=/a.example/b.example/`. */
const RESOLVER_RULE = /(?:^|\s)(?:server|local|address|ipset|nftset|rebind-domain-ok)=\/(?:[^/\s]{1,253}\/){0,8}$/;
/** Lets a host through where others are stopped: `@@||good.example^`. */
const EXCEPTION = /@@(?:\|\||\|)?(?:https?:\/\/)?$/;

export function namesFile(before: string, behind: string): boolean {
  return FILE_BEFORE.test(before) || FILE_BEHIND.test(behind);
}

export function namesHost(before: string): boolean {
  return HOST_BEFORE.test(before);
}

export function isCode(before: string, behind: string): boolean {
  return CODE_BEHIND.test(behind) || CODE_BEFORE.test(before);
}

export function isInResolverRule(before: string): boolean {
  return RESOLVER_RULE.test(before);
}

export function isException(before: string): boolean {
  return EXCEPTION.test(before);
}
