import { printable } from '../../printable.ts';
import { type Finding, indicator, other, refused } from './finding.ts';
import { withoutMarks } from './marks.ts';

const MOST_LENGTH = 512;
const QUOTES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['\u201c', '\u201d'],
  ['\u2018', '\u2019'],
  ['[', ']'],
]);
const STEP = /[^\s"'`<>|,;*?\u2018-\u201d]*/y;
/** Words of a step with spaces in it, as far as the backslash that shows that they belong to the key: `Windows NT\`. */
const WORDS = /(?: (?!HK)[A-Z0-9][\w.-]{0,30}){1,4}\\{1,2}/y;

/**
 * Judges what begins with a hive. Keys hold spaces, and prose does not say where they end: in quotes it is where those close, else a
 * space belongs to the key if capitalised words and a backslash follow.
 */
export function judgeRegistry(text: string, at: number): Finding {
  const end = endOfKey(text, at);
  let key = text.slice(at, end).replace(/\ue004/g, '\\.');
  key = withoutMarks(key).replace(/[.:)\]]+$/, '');
  const steps = key.split(/\\+/).filter((step) => step !== '');
  // a hive and its first key hold half of Windows
  if (steps.length < 3) return other(Math.max(end, at + 1));
  const next = text.charAt(end);
  const open = key.endsWith('\\') && '<[{%*'.includes(next) && next !== '';
  if (open || steps.some((step) => step === '...' || /[\u2026<>*]|^%s$/.test(step))) {
    return refused(`the registry key "${printable(key, 60)}" is not written out`, end);
  }
  return indicator('registry', key, false, end);
}

function endOfKey(text: string, at: number): number {
  const close = QUOTES.get(text.charAt(at - 1));
  const most = Math.min(text.length, at + MOST_LENGTH);
  if (close !== undefined) {
    for (let end = at; end < most && text.charAt(end) !== '\n'; end += 1) if (text.charAt(end) === close) return end;
  }
  let end = at;
  for (;;) {
    STEP.lastIndex = end;
    end += STEP.exec(text.slice(0, most))?.[0].length ?? 0;
    WORDS.lastIndex = end;
    const words = WORDS.exec(text.slice(0, most));
    if (words === null || end >= most) return end;
    end += words[0].length;
  }
}
