import assert from 'node:assert/strict';
import { canonicalise } from '../../../../core/indicator/canonical.ts';
import { inferType } from '../../../../core/indicator/infer.ts';
import type { IndicatorType } from '../../../../core/indicator/type.ts';
import { type BenignValues, createBenignValues } from '../../../../enrich/lists/warning/benign-values.ts';
import { addList, emptySorted } from '../../../../enrich/lists/warning/compile.ts';
import { createExceptions } from '../../../../enrich/lists/warning/exceptions.ts';
import { readWarningList } from '../../../../enrich/lists/warning/read-list.ts';

export interface TestList {
  name?: string;
  type: string;
  list: readonly unknown[];
  matching_attributes?: readonly string[];
}

/** Compiles lists as they stand in files. */
export function benignFrom(
  lists: readonly TestList[],
  options: { except?: readonly string[]; wholeHosts?: readonly string[] } = {},
): { values: BenignValues; problems: string[] } {
  const sorted = emptySorted();
  const problems = lists.flatMap((list, index) => {
    const read = readWarningList(JSON.stringify(list), `${index}.json`, `list ${index}`);
    return [...read.problems, ...(read.list === undefined ? [] : [...addList(sorted, read.list)].flat())];
  });
  const values = createBenignValues(sorted, {
    exceptions: createExceptions(options.except ?? []),
    wholeHosts: new Set(options.wholeHosts),
  });
  return { values, problems };
}

/** The list that knows the text, which is made canonical first as the enricher does. */
export function listOf(values: BenignValues, text: string, type?: IndicatorType): string | undefined {
  const canonical = canonicalise(text, type ?? inferType(text));
  assert.ok(canonical.ok, text);
  return values.listOf(canonical.indicator);
}
