import { isName } from './names.ts';

/** So much of an instruction is looked at. */
export const INSTRUCTION_HEAD = 512;

const DECLARATION =
  /^xml\s+version\s*=\s*(?:'1\.\d+'|"1\.\d+")(?:\s+encoding\s*=\s*(?:'[A-Za-z][\w.-]*'|"[A-Za-z][\w.-]*"))?(?:\s+standalone\s*=\s*(?:'(?:yes|no)'|"(?:yes|no)"))?\s*$/;

/** Whether what stands between `<?` and `?>` may stand there: the XML declaration nowhere but at the `start` of a document. */
export function isInstruction(inside: string, start: boolean): boolean {
  const target = /^[^\t\n ]*/.exec(inside)?.[0] ?? '';
  return target.toLowerCase() === 'xml' ? start && DECLARATION.test(inside) : isName(target);
}
