import type { SeverityFile } from '../../core/process/config/severity-file.ts';
import type { SeverityRules } from './policy.ts';

const UNKNOWN_TYPE = 40;

/**
 * Compiles rules/severity.yaml: the highest of what the type, the words and a named malware family give, except that a word with 0
 * (`benign`) is final.
 */
export function severityRules(file: SeverityFile): SeverityRules {
  const words = new Map(Object.entries(file.words).map(([word, severity]) => [word.toLowerCase(), severity]));
  // the words of feeds are few and repeat for every record
  const known = new Map<string, number | undefined>();

  const lookUp = (told: string): number | undefined => {
    if (known.has(told)) return known.get(told);
    const word = told.toLowerCase();
    const head = /^[^:=|/ ]+/.exec(word)?.[0] ?? '';
    const severity = words.get(word) ?? words.get(head);
    if (known.size > 10_000) known.clear();
    known.set(told, severity);
    return severity;
  };

  return ({ type, tags, categories, malware }) => {
    let highest = file.types[type] ?? UNKNOWN_TYPE;
    if (malware.length > 0 && file.any_malware > highest) highest = file.any_malware;
    for (const list of [tags, categories, malware]) {
      for (const word of list) {
        const severity = lookUp(word);
        if (severity === 0) return 0;
        if (severity !== undefined && severity > highest) highest = severity;
      }
    }
    return highest;
  };
}
