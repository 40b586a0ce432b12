import { parsePrefix } from '../../../core/indicator/address.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import { ADBLOCK_OTHER, ADBLOCK_RULE, WILDCARD } from '../adblock.ts';
import { COMMENT_MARKS, isComment, withoutTrailingComment } from '../comments.ts';
import { ALIGNED } from '../delimited-rows.ts';
import { DNSMASQ_RULE } from '../dnsmasq.ts';
import { leadsNowhere } from '../hosts-file.ts';
import { addressesOf, isSetLine } from '../ipset.ts';
import { isMaltrail, isMaltrailsOwn } from '../maltrail.ts';
import { MARKDOWN_RULE } from '../markdown.ts';
import { layoutOf, share } from '../table/layout.ts';
import { empty, known, type Recognition } from './recognition.ts';

/** Lines of the head that are looked at. */
const SAMPLE = 300;
/** A list with one line of ten broken is one still. */
const ENOUGH = 0.9;
/** Lists of rules have settings and rules of other kinds between. */
const HALF = 0.5;
const RANGE = /^\d{1,3}(?:\.\d{1,3}){3}-\d{1,3}(?:\.\d{1,3}){3}$/;

/** Which kind of text begins so. `whole` says that there is no more than this: else the last line may be cut off. */
export function recogniseText(text: string, whole: boolean, name: string): Recognition {
  const all = text.split(/\r?\n/);
  if (!whole && all.length > 1) all.pop();
  const fields = all.findIndex((line) => line.startsWith('#fields\t'));
  if (fields !== -1 && /\tindicator(?:\t|$)/.test(all[fields] ?? '')) {
    return known('zeek', `the "#fields" of Zeek's intelligence framework in line ${fields + 1}`);
  }
  const content = all
    .filter((line) => line.trim() !== '' && !isComment(line.trimStart(), COMMENT_MARKS))
    .slice(0, SAMPLE);
  if (content.length === 0) return empty(text.trim() === '' ? 'it is empty' : 'it holds nothing but comments');
  const bare = content.map((line) => withoutTrailingComment(line, COMMENT_MARKS).trim());

  if (share(bare, isHostsLine) >= ENOUGH) return known('hosts', 'lines of a hosts file');
  if (share(bare, isReputation) >= ENOUGH) return known('iprep', 'lines of address, category and score');
  const list = listOf(all, bare);
  if (list !== undefined) return list;
  const layout = layoutOf(all);
  const asLines = share(bare, (line) => !/\s/.test(line) && inferType(refang(line)) !== undefined) >= ENOUGH;
  // a row that begins with a URL reads like one URL to its end
  if (asLines && (layout?.sure !== true || layout.delimiter === ALIGNED))
    return known('lines', 'an indicator in each line');
  const page = pageReason(text, name);
  if (page !== undefined) return known('html', page);
  if (layout !== undefined) return known('table', layout.how);
  if (isWordList(bare)) {
    const reason = 'a list of words of which hardly one reads like an indicator; names count where they are disarmed';
    return known('text', reason, { wordList: true });
  }
  return known('text', 'text that is no list; what reads like an indicator is taken from it');
}

/** Fewer lines tell nothing. */
const WORDS_AT_LEAST = 50;
/** Of a hundred lines. */
const HARDLY = 0.05;

/** Passwords, user names, strings of a program: a few of many thousand read like a domain by chance. */
function isWordList(bare: readonly string[]): boolean {
  if (bare.length < WORDS_AT_LEAST || share(bare, (line) => !/\s/.test(line)) < ENOUGH) return false;
  return share(bare, tellsOfOne) < HARDLY;
}

/** What somebody disarmed was meant as an indicator, whatever is left of it: `[redacted].evil[.]example`. */
function tellsOfOne(line: string): boolean {
  const plain = refang(line);
  return plain !== line || inferType(plain) !== undefined;
}

function isHostsLine(line: string): boolean {
  const [address = '', ...names] = line.split(/\s+/);
  return names.length > 0 && leadsNowhere(address);
}

function isReputation(line: string): boolean {
  const cells = line.split(',');
  return (
    cells.length === 3 &&
    /^\d{1,4}$/.test(cells[1]?.trim() ?? '') &&
    /^\d{1,3}$/.test(cells[2]?.trim() ?? '') &&
    parsePrefix(cells[0]?.trim() ?? '') !== undefined
  );
}

/** Lists that have a language of their own. */
function listOf(all: readonly string[], bare: readonly string[]): Recognition | undefined {
  if (share(bare, isSetLine) >= ENOUGH) return known('ipset', 'what "ipset save" writes');
  const isSet = all.some((line) => /^#\s*(?:ipv[46]\s+)?hash:(?:ip|net)\s+ipset\b/.test(line));
  const ranges = isSet || bare.some((line) => RANGE.test(line));
  if (ranges && share(bare, (line) => addressesOf(line) !== undefined) >= ENOUGH)
    return known('ipset', isSet ? 'the head of a list of FireHOL' : 'addresses and ranges of them');
  if (share(bare, (line) => DNSMASQ_RULE.test(line)) >= HALF) return known('dnsmasq', 'rules of dnsmasq');
  const rules = all.filter((line) => line.trim() !== '').slice(0, SAMPLE);
  if (rules.some((line) => ADBLOCK_RULE.test(line)) && share(rules, (line) => ADBLOCK_OTHER.test(line)) >= HALF)
    return known('adblock', 'rules such as "||host^"');
  const wild = (line: string): boolean => WILDCARD.test(refang(line));
  if (bare.some(wild) && share(bare, (line) => wild(line) || inferType(refang(line)) !== undefined) >= ENOUGH)
    return known('adblock', 'names with all that is below them');
  const least = isMaltrailsOwn(all) ? 0 : HALF;
  if (isMaltrail(all) && share(bare, (line) => inferType(refang(line)) !== undefined) >= least)
    return known('maltrail', 'trails below "# Reference:"');
  const rule = all.findIndex((line, at) => MARKDOWN_RULE.test(line) && all[at - 1]?.includes('|') === true);
  return rule === -1 ? undefined : known('markdown', `a table of Markdown in line ${rule}`);
}

/** The extension settles what could be both: text may hold a few tags. */
function pageReason(text: string, name: string): string | undefined {
  const start = text.slice(0, 2000).trimStart();
  if (/^<(?:!doctype\s+html|html[\s>])/i.test(start)) return 'a web page';
  const tags = text
    .slice(0, 65_536)
    .match(/<\/?(?:html|head|body|title|meta|div|p|table|tr|td|ul|li|a|br|span|h[1-6])(?=[\s/>])/gi);
  if (tags === null) return undefined;
  if (start.startsWith('<') && tags.length >= 2) return 'the elements of a web page';
  return /\.x?html?$/i.test(name) ? 'a page by its elements and its name' : undefined;
}
