import { canonicalIp, parseCidr } from '../../../core/indicator/address.ts';
import { canonicalDomain } from '../../../core/indicator/domain.ts';
import { canonicalEmail } from '../../../core/indicator/email.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { printable } from '../../printable.ts';
import { endOfLength, endOfPort, readsLikeVersion } from './address.ts';
import { isCode, isException, isInResolverRule, namesFile, namesHost } from './around.ts';
import { kindOfName } from './endings.ts';
import { type Finding, indicator, other, refused } from './finding.ts';
import { judgeHash } from './hash.ts';
import { AT, DOT, isDisarmed, withoutMarks } from './marks.ts';
import { isOwnMachine, judgeUrl } from './url.ts';

/** Words that are looked at on either side of an address. */
const AROUND = 48;
const LONGEST_HASH = 128;
/** As far as a rule of dnsmasq may have begun before a name. */
const MOST_RULE = 128;
/** Whoever hides what stood below a name means the name. */
const HIDDEN = /\[(?:redacted|removed|masked|random|snip(?:ped)?|victim|sub-?domain)\][.\ue000]$/i;
const RANGE = /^\d{1,3}(?:\.\d{1,3}){3}-\d{1,3}(?:\.\d{1,3}){0,3}$/;

/** Judges labels with dots between, text[at, at + marked.length): an address, a domain, either with a path, a file name, a number. */
export function judgeHost(text: string, at: number, marked: string): Finding {
  const edges = /^[-]*|[-_]+$/g;
  const name = marked.replace(edges, '');
  const start = at + marked.indexOf(name);
  const end = start + name.length;
  const next = text.charAt(end);
  const clean = withoutMarks(name);
  if (next === '@' || next === AT || name === '') return other(at + marked.length);
  const before = text.slice(Math.max(0, start - MOST_RULE), start);
  const inRule = before.endsWith('/') && isInResolverRule(before);
  if (isException(before)) return other(end);
  if (canonicalIp(clean) !== undefined)
    return inRule ? other(end) : judgeIpv4(text, start, end, clean, isDisarmed(name));
  if (RANGE.test(clean))
    return refused(`${printable(clean, 40)} is a range of addresses; write it as CIDR blocks`, end);

  const disarmed = isDisarmed(name);
  const labels = clean.split('.');
  const previous = text.charAt(start - 1);
  const file = (): Finding => fileName(text, start, end, labels[0] ?? '');
  if (previous === '\\' || (previous === ':' && text.charAt(start - 2) === ':')) return file();
  if (!disarmed) {
    if (!inRule && (/[$@%~/.]/.test(previous) || next === '(')) return file();
    const judged = judgeName(labels, text, start, end);
    if (judged !== 'domain' && !(inRule && kindOfName(labels) !== undefined)) return judged ?? file();
  } else if (previous === '%' && /^[\dA-F]{2}/i.test(name)) {
    // behind `%2F` of a URL that is a parameter
    return judgeHost(text, start + 2, name.slice(2));
  } else if ((previous === '.' || previous === DOT) && !HIDDEN.test(before)) {
    return refused(`"${printable(clean, 60)}" stands for all names below it, and says nothing of itself`, end);
  } else if (inferType(clean) !== 'domain') {
    return refused(`"${printable(clean, 60)}" was disarmed, and is no domain`, end);
  }
  const domain = canonicalDomain(clean);
  if (domain === undefined) return disarmed ? refused(`"${printable(clean, 60)}" is no domain`, end) : file();
  return (
    (inRule ? undefined : withPath(text, start, end)) ?? indicator('domain', clean, disarmed, endOfPort(text, end))
  );
}

/** Whether a name that nobody disarmed is a domain, by its ending and the words around; undefined for what is something else. */
function judgeName(
  labels: readonly string[],
  text: string,
  start: number,
  end: number,
): 'domain' | Finding | undefined {
  const kind = kindOfName(labels);
  if (kind === undefined || kind === 'domain') return kind;
  const before = text.slice(Math.max(0, start - AROUND), start);
  const behind = text.slice(end, end + AROUND);
  if (kind === 'property') return isCode(before, behind) ? undefined : 'domain';
  const file = namesFile(before, behind);
  const usual = labels.length === 2 && USUAL_FILE.test(labels.join('.'));
  if (namesHost(before) && !file) return 'domain';
  if (kind === 'program') return usual || file ? undefined : 'domain';
  // in a list, where nothing around tells, it must not vanish without a word
  const alone = /(?:^|[\n\v])[\s*\u2022-]*$/.test(before) && /^[ \t,;\r]*(?:\n|\v|$)/.test(behind);
  const name = labels.join('.');
  return alone && !usual && labels[0] === labels[0]?.toLowerCase()
    ? refused(
        `"${printable(name, 60)}" may be a file or a domain; write ${printable(labels.join('[.]'), 60)} if it is a domain`,
        end,
      )
    : undefined;
}

/** What files are called everywhere. */
const USUAL_FILE =
  /^(?:readme|setup|main|index|install|config|test|license|changelog|contributing|security|todo|utils?|run|build|update|start|stop|manage|conftest|lib.*|mod|lib|cargo|makefile|app)\./;

/** Sandboxes name samples by their digest: `9e107d9d372bb6826bd81d3542a419d6.exe`. */
function fileName(text: string, start: number, end: number, first: string): Finding {
  if (first.length < 32 || first.length > LONGEST_HASH || !/^[0-9a-f]+$/i.test(first)) return other(end);
  const found = judgeHash(first, text.slice(Math.max(0, start - AROUND), start), start + first.length);
  return found.kind === 'indicator' ? found : other(end);
}

function judgeIpv4(text: string, start: number, end: number, quad: string, disarmed: boolean): Finding {
  if (text.charAt(start - 1) === '.' || isOwnMachine(quad) || quad.startsWith('255.')) return other(end);
  const url = withPath(text, start, end);
  if (url !== undefined) return url;
  const afterPort = endOfPort(text, end);
  if (afterPort > end) return indicator('ip', quad, disarmed, afterPort);
  const afterLength = endOfLength(text, end);
  if (afterLength > end) {
    const block = `${quad}${text.slice(end, afterLength)}`;
    if (parseCidr(block) === undefined) return refused(`${block} is no CIDR block`, afterLength);
    return indicator('cidr', block, disarmed, afterLength);
  }
  const before = text.slice(Math.max(0, start - AROUND), start);
  if (!disarmed && readsLikeVersion(quad, before, text.slice(end, end + AROUND))) return other(end);
  return indicator('ip', quad, disarmed, end);
}

/** The URL that a host without a scheme begins: a path of a letter at least must follow, or a query. */
function withPath(text: string, start: number, end: number): Finding | undefined {
  const afterPort = endOfPort(text, end);
  const rest = text.slice(afterPort, afterPort + 40);
  const path =
    /^\/[^\s/]/.test(rest) &&
    !/^\/\d{1,3}(?![\w-]|[.\ue000\ue004]\w)|^\/\d{1,3}(?:[.\ue000\ue004]\d{1,3}){3}/.test(rest);
  if (!path && !/^\/?\?[\w-]{1,30}=/.test(rest)) return undefined;
  const found = judgeUrl('http', '', text, text.charAt(start - 1), start);
  // it is handed on as it was written, without a scheme that nobody wrote
  if (found.kind !== 'indicator' || found.end <= afterPort + 1) return undefined;
  return { ...found, text: found.text.slice('http://'.length) };
}

const LOCAL_LENGTH = 64;

/** Judges a host behind an `@`, which stands at `at`: what precedes it may be the local part. */
export function judgeMail(text: string, at: number, marked: string): Finding {
  const end = at + 1 + marked.length;
  let start = at;
  while (start > 0 && at - start < LOCAL_LENGTH && /[A-Za-z0-9._%+=\ue000-]/.test(text.charAt(start - 1))) start -= 1;
  const local = text.slice(start, at).replace(/^[._%+=\ue000-]+/, '');
  const host = marked.replace(/[-_]+$/, '');
  const address = withoutMarks(`${local}@${host}`);
  if (local === '') return other(end);
  // `git@host.example:repository` is no mailbox
  if (text.charAt(at + 1 + host.length) === ':' && /\w/.test(text.charAt(at + 2 + host.length))) return other(end);
  const disarmed = text.charAt(at) === AT || isDisarmed(`${local}${host}`);
  const plausible = disarmed
    ? inferType(address) === 'email'
    : canonicalEmail(address) !== undefined && kindOfName(withoutMarks(host).split('.')) !== undefined;
  if (plausible) return indicator('email', address, disarmed, at + 1 + host.length);
  return disarmed ? refused(`"${printable(address, 60)}" was disarmed, and is no e-mail address`, end) : other(end);
}
