import { parsePrefix } from '../../../core/indicator/address.ts';
import { inferType } from '../../../core/indicator/infer.ts';
import { refang } from '../../../core/indicator/refang.ts';
import { COMMENT_MARKS, isComment, withoutTrailingComment } from '../comments.ts';
import { leadsNowhere } from '../hosts-file.ts';
import { layoutOf, share } from '../table/layout.ts';
import { known, type Recognition, unknown } from './recognition.ts';

/** Lines of the head that are looked at. */
const SAMPLE = 300;
/** A list with one line of ten broken is one still. */
const ENOUGH = 0.9;

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
  if (content.length === 0) return unknown(text.trim() === '' ? 'it is empty' : 'it holds nothing but comments');
  const bare = content.map((line) => withoutTrailingComment(line, COMMENT_MARKS).trim());

  if (share(bare, isHostsLine) >= ENOUGH) return known('hosts', 'lines of a hosts file');
  if (share(bare, isReputation) >= ENOUGH) return known('iprep', 'lines of address, category and score');
  if (share(bare, isSetEntry) >= ENOUGH) return known('iprep', 'what "ipset save" writes');
  const layout = layoutOf(all);
  const asLines = share(bare, (line) => !/\s/.test(line) && inferType(refang(line)) !== undefined) >= ENOUGH;
  // a row that begins with a URL reads like one URL to its end
  if (asLines && layout?.sure !== true) return known('lines', 'an indicator in each line');
  const page = pageReason(text, name);
  if (page !== undefined) return known('html', page);
  if (layout !== undefined) return known('table', layout.how);
  return known('text', 'text that is no list; what reads like an indicator is taken from it');
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

function isSetEntry(line: string): boolean {
  return /^(?:create|add) \S+ \S/.test(line);
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
