import { z } from 'zod';
import { cleanText } from '../../steps/told.ts';
import { type TypeMask, typesMatched } from './matching-types.ts';

/** How the entries of a list are meant; MISP's words. */
export const LIST_TYPES = ['string', 'substring', 'hostname', 'cidr', 'regex'] as const;
export type ListType = (typeof LIST_TYPES)[number];

/** One warning list: values that are known to be harmless. */
export interface WarningList {
  /** What marks a document: the list's own name. */
  readonly name: string;
  readonly type: ListType;
  /** Indicators that it speaks of. */
  readonly types: TypeMask;
  readonly entries: readonly string[];
  /** The file, for messages. */
  readonly from: string;
}

const LONGEST_NAME = 200;
const LONGEST_ENTRY = 4_096;

/** MISP's own schema, a little wider: the name of the folder or file stands in where there is none. */
const listFile = z.object({
  name: z.string().optional(),
  type: z.enum(LIST_TYPES),
  list: z.array(z.unknown()),
  matching_attributes: z.array(z.string()).default([]),
});

export interface ReadList {
  /** Undefined when the file is no warning list at all. */
  readonly list: WarningList | undefined;
  /** What is wrong, each with file and entry; the rest of the entries counts all the same. */
  readonly problems: readonly string[];
}

/** Reads one file of a folder of warning lists. `standIn` = its name when it tells none. */
export function readWarningList(text: string, path: string, standIn: string): ReadList {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch (error) {
    return refused(`${path}: not JSON: ${error instanceof Error ? error.message.slice(0, 120) : ''}`);
  }
  const parsed = listFile.safeParse(told);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path: keys, message }) => `${keys.join('.') || 'the file'} ${message}`);
    return refused(
      `${path}: no warning list: ${wrong.slice(0, 3).join('; ')}; MISP's format has a type (${LIST_TYPES.join(', ')}) and a list of texts`,
    );
  }
  const { type, list } = parsed.data;
  const entries: string[] = [];
  const problems: string[] = [];
  list.forEach((entry, index) => {
    const fault = faultOf(entry);
    if (fault === undefined) entries.push(String(entry).trim());
    else problems.push(`${path}: entry ${index + 1}: ${fault}`);
  });
  const name = cleanText(parsed.data.name ?? '', LONGEST_NAME) || cleanText(standIn, LONGEST_NAME) || 'unnamed';
  return {
    list: { name, type, types: typesMatched(parsed.data.matching_attributes), entries, from: path },
    problems,
  };
}

function refused(problem: string): ReadList {
  return { list: undefined, problems: [problem] };
}

function faultOf(entry: unknown): string | undefined {
  if (typeof entry !== 'string') return 'must be a text';
  if (entry.trim() === '') return 'is empty';
  if (entry.length > LONGEST_ENTRY) return `has ${entry.length} characters; at most ${LONGEST_ENTRY} are read`;
  return undefined;
}
