import type { MailView } from './mail-view.ts';

/** RFC 5322 section 2.1.1 recommends lines of at most 78 characters; a terminal and a phone agree. */
const WIDTH = 78;
const RULE = '-'.repeat(WIDTH);

/** The plain-text part. */
export function composeText(view: MailView): string {
  const lines: string[] = [];
  if (view.marking !== undefined) lines.push(view.marking, '');
  lines.push(`tipline: ${view.headline}`, view.at, '');
  for (const [label, text] of view.summary) lines.push(...labelled('', label, text));
  lines.push('', RULE);
  view.entries.forEach((entry, index) => {
    const head = `${String(index + 1).padStart(3)}. [${entry.score}] `;
    lines.push(
      ...wrap(entry.value, WIDTH - head.length).map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line),
    );
    lines.push(`     ${entry.type}, ${entry.mark}`);
    for (const [label, text] of entry.facts) lines.push(...labelled('     ', label, text));
    lines.push(RULE);
  });
  if (view.more !== undefined) lines.push('', ...wrap(view.more, WIDTH));
  lines.push('', ...wrap(view.footer, WIDTH), '');
  return lines.join('\n');
}

function labelled(indent: string, label: string, text: string): string[] {
  const head = `${indent}${label.padEnd(9)}`;
  return wrap(text, WIDTH - head.length).map((line, i) => (i === 0 ? head : ' '.repeat(head.length)) + line);
}

/** Breaks at spaces, and inside a word that is longer than a line. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (length(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    const characters = Array.from(word);
    while (characters.length > width) lines.push(characters.splice(0, width).join(''));
    line = characters.join('');
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

function length(text: string): number {
  return Array.from(text).length;
}
