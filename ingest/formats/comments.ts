/** What begins a comment line. A list may narrow them: `;` can be a delimiter. */
export const COMMENT_MARKS = ['#', ';', '//'] as const;

export function isComment(line: string, marks: readonly string[]): boolean {
  for (const mark of marks) if (line.startsWith(mark)) return true;
  return false;
}

/**
 * The line without a comment behind its content, as in `192.0.2.0/24 ; SBL1`. White space must stand before the mark: in
 * `http://a.example/#top` there is no comment.
 */
export function withoutTrailingComment(line: string, marks: readonly string[]): string {
  let cut = line.length;
  for (const mark of marks) {
    for (let at = line.indexOf(mark, 1); at !== -1 && at < cut; at = line.indexOf(mark, at + 1)) {
      const before = line.charCodeAt(at - 1);
      if (before === 0x20 || before === 0x09) {
        cut = at;
        break;
      }
    }
  }
  return cut === line.length ? line : line.slice(0, cut).trimEnd();
}
