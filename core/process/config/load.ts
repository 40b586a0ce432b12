import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { TiplineError } from '../errors.ts';
import { withAbsolutePaths } from './paths.ts';
import { createProblems, type Problems } from './problems.ts';
import { type Config, configSchema } from './sections.ts';
import { readYaml, type YamlFile } from './yaml-file.ts';

export interface LoadedConfig {
  /** Files in it are absolute, except `data` and those of feeds. */
  readonly config: Config;
  /** Absolute path of the file. */
  readonly path: string;
  /** Relative paths in the file are relative to it. */
  resolvePath(path: string): string;
  /** The file, which can say where each value stands. */
  file: YamlFile;
}

/** A configuration file that was read and may be wrong. */
export interface ReadConfig extends Omit<LoadedConfig, 'config'> {
  /** Undefined when something is wrong in it. */
  readonly config: Config | undefined;
  /** What stands in the file, with its variables filled in. */
  readonly value: unknown;
  readonly problems: Problems;
}

/**
 * Reads and checks one configuration file, once, at start; nothing reads the environment afterwards.
 * `${NAME}` stands for a variable of the environment, `${file:/run/secrets/key}` for the content of a file; one that is not set is an error.
 */
export function readConfig(path: string, environment: Readonly<Record<string, string | undefined>>): ReadConfig {
  const absolute = resolve(path);
  const file = readYaml(absolute);
  const folder = dirname(absolute);
  const problems = createProblems(file);
  const value = fillIn(file.value, [], { environment, folder, problems });
  const parsed = configSchema.safeParse(value);
  if (!parsed.success) problems.addIssues(parsed.error.issues, []);
  const resolvePath = (inner: string): string => resolve(folder, inner);
  return {
    config: parsed.success ? withAbsolutePaths(parsed.data, resolvePath) : undefined,
    path: absolute,
    resolvePath,
    file,
    value,
    problems,
  };
}

/** The same for who wants it whole: throws what is wrong. */
export function loadConfig(path: string, environment: Readonly<Record<string, string | undefined>>): LoadedConfig {
  return whole(readConfig(path, environment));
}

/** Throws all problems that were gathered. */
export function whole({ problems, config, ...read }: ReadConfig): LoadedConfig {
  const error = problems.error();
  if (error !== undefined) throw error;
  if (config === undefined)
    throw new TiplineError('CONFIG_INVALID', `${read.path} cannot be used`, { retryable: false });
  return { ...read, config };
}

/** One message for all that is wrong, each with file, line, key and what is allowed. `prefix` = where the checked part stands in the file. */
export function configError(
  file: Pick<YamlFile, 'path' | 'lineOf'>,
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[],
): TiplineError {
  const problems = createProblems(file);
  problems.addIssues(issues, prefix);
  return problems.error() ?? new TiplineError('CONFIG_INVALID', file.path, { retryable: false });
}

interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  problems: Problems;
}

/** Where a variable is not there the whole text is absent; what the schema says of that follows from it. */
function fillIn(value: unknown, keys: readonly PropertyKey[], around: Surroundings): unknown {
  if (typeof value === 'string') {
    let complete = true;
    const text = value.replace(/\$\{([^}]*)\}/g, (_, name: string) => {
      const found = lookUp(name.trim(), keys, around);
      complete &&= found !== undefined;
      return found ?? '';
    });
    return complete ? text : undefined;
  }
  if (Array.isArray(value)) return value.map((item, index) => fillIn(item, [...keys, index], around));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, [...keys, key], around)]));
  }
  return value;
}

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function lookUp(
  name: string,
  keys: readonly PropertyKey[],
  { environment, folder, problems }: Surroundings,
): string | undefined {
  if (name.startsWith('file:')) {
    try {
      return readFileSync(resolve(folder, name.slice('file:'.length)), 'utf8').trim();
    } catch (cause) {
      problems.add(keys, `the file of \${${name}} cannot be read`, 'CONFIG_SECRET_FILE', cause);
      return undefined;
    }
  }
  if (!VARIABLE_NAME.test(name)) {
    problems.add(
      keys,
      `between \${ and } stands the name of an environment variable, or file: and a path`,
      'CONFIG_VARIABLE_NAME',
    );
    return undefined;
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined) problems.add(keys, `the environment variable ${name} is not set`, 'CONFIG_VARIABLE_UNSET');
  return value;
}
