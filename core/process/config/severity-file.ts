import { z } from 'zod';
import { INDICATOR_TYPES, type IndicatorType } from '../../indicator/type.ts';
import { configError } from './load.ts';
import { readYaml } from './yaml-file.ts';

const percent = z.int().min(0).max(100);

const schema = z.strictObject({
  types: z.partialRecord(z.enum(INDICATOR_TYPES), percent),
  any_malware: percent.default(0),
  words: z.record(z.string().min(1).max(64), percent),
});

/** The severity policy as an operator writes it; see rules/severity.yaml. */
export interface SeverityFile {
  types: Partial<Record<IndicatorType, number>>;
  any_malware: number;
  words: Record<string, number>;
}

/** Reads a severity policy; what is wrong is answered with file and line. */
export function readSeverityFile(path: string): SeverityFile {
  const file = readYaml(path);
  const parsed = schema.safeParse(file.value);
  if (!parsed.success) throw configError(file, parsed.error.issues, []);
  return parsed.data;
}
