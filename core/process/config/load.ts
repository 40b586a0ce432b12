import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { TiplineError } from '../errors.ts';
import { withAbsolutePaths } from './paths.ts';
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

/**
 * Loads and checks one configuration file, once, at start; nothing reads the environment afterwards.
 * `${NAME}` stands for a variable of the environment, `${file:/run/secrets/key}` for the content of a file; one that is not set is an error.
 */
export function loadConfig(path: string, environment: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const absolute = resolve(path);
  const file = readYaml(absolute);
  const folder = dirname(absolute);
  const filled = fillIn(file.value, [], { environment, folder, file });
  const parsed = configSchema.safeParse(filled);
  if (!parsed.success) throw configError(file, parsed.error.issues, []);
  const resolvePath = (inner: string): string => resolve(folder, inner);
  return { config: withAbsolutePaths(parsed.data, resolvePath), path: absolute, resolvePath, file };
}

const MOST_LINES = 20;

/** One message for all that is wrong, each with file, line, key and what is allowed. `prefix` = where the checked part stands in the file. */
export function configError(
  file: Pick<YamlFile, 'path' | 'lineOf'>,
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[],
): TiplineError {
  const found = issues.flatMap(findingsOf);
  const lines = found
    .slice(0, MOST_LINES)
    .map(({ keys, message }) => `${place(file, [...prefix, ...keys])}: ${message}`);
  if (found.length > MOST_LINES) lines.push(`… and ${found.length - MOST_LINES} more`);
  return new TiplineError('CONFIG_INVALID', lines.join('\n'), { retryable: false });
}

interface Finding {
  keys: readonly PropertyKey[];
  message: string;
}

function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const { path, message } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ keys: [...path, key], message }));
    case 'invalid_union': {
      // of several shapes, the one that the value has: what is wrong with it says more than that it is none of them
      const meant = issue.errors.filter((branch) => !branch.some(isOtherKind));
      const [only] = meant;
      if (meant.length !== 1 || only === undefined) return [{ keys: path, message }];
      return only.flatMap(findingsOf).map(({ keys, message }) => ({ keys: [...path, ...keys], message }));
    }
    default:
      return [{ keys: path, message }];
  }
}

function isOtherKind({ code, path }: z.core.$ZodIssue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

/** `tipline.yaml:12: feeds.0.url` */
function place(file: Pick<YamlFile, 'path' | 'lineOf'>, keys: readonly PropertyKey[]): string {
  return `${file.path}:${file.lineOf(keys)}: ${keys.length === 0 ? 'the file' : keys.map(String).join('.')}`;
}

interface Surroundings {
  environment: Readonly<Record<string, string | undefined>>;
  folder: string;
  file: YamlFile;
}

function fillIn(value: unknown, keys: readonly PropertyKey[], around: Surroundings): unknown {
  if (typeof value === 'string')
    return value.replace(/\$\{([^}]*)\}/g, (_, name: string) => lookUp(name.trim(), keys, around));
  if (Array.isArray(value)) return value.map((item, index) => fillIn(item, [...keys, index], around));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillIn(item, [...keys, key], around)]));
  }
  return value;
}

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

function lookUp(name: string, keys: readonly PropertyKey[], { environment, folder, file }: Surroundings): string {
  const refuse = (code: string, message: string, cause?: unknown): TiplineError =>
    new TiplineError(code, `${place(file, keys)}: ${message}`, { cause, retryable: false });
  if (name.startsWith('file:')) {
    try {
      return readFileSync(resolve(folder, name.slice('file:'.length)), 'utf8').trim();
    } catch (cause) {
      throw refuse('CONFIG_SECRET_FILE', `the file of \${${name}} cannot be read`, cause);
    }
  }
  if (!VARIABLE_NAME.test(name)) {
    throw refuse(
      'CONFIG_VARIABLE_NAME',
      `between \${ and } stands the name of an environment variable, or file: and a path`,
    );
  }
  const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
  if (value === undefined) throw refuse('CONFIG_VARIABLE_UNSET', `the environment variable ${name} is not set`);
  return value;
}
