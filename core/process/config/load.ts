import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { z } from 'zod';
import { TiplineError } from '../errors.ts';
import { type Config, configSchema } from './sections.ts';
import { readYaml, type YamlFile } from './yaml-file.ts';

export interface LoadedConfig {
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
  return {
    config: parsed.data,
    path: absolute,
    resolvePath: (inner) => resolve(folder, inner),
    file,
  };
}

/** One message for all that is wrong, each with file, line, key and what is allowed. `prefix` = where the checked part stands in the file. */
export function configError(
  file: Pick<YamlFile, 'path' | 'lineOf'>,
  issues: readonly z.core.$ZodIssue[],
  prefix: readonly PropertyKey[],
): TiplineError {
  const lines = issues.slice(0, 20).map((issue) => {
    const keys = [...prefix, ...issue.path];
    const at = keys.length === 0 ? 'the file' : keys.map(String).join('.');
    return `${file.path}:${file.lineOf(keys)}: ${at}: ${issue.message}`;
  });
  return new TiplineError('CONFIG_INVALID', lines.join('\n'), { retryable: false });
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

function lookUp(name: string, keys: readonly PropertyKey[], { environment, folder, file }: Surroundings): string {
  const at = `${file.path}:${file.lineOf(keys)}: ${keys.map(String).join('.')}`;
  if (name.startsWith('file:')) {
    try {
      return readFileSync(resolve(folder, name.slice('file:'.length)), 'utf8').trim();
    } catch (cause) {
      throw new TiplineError('CONFIG_SECRET_FILE', `${at}: the file of \${${name}} cannot be read`, {
        cause,
        retryable: false,
      });
    }
  }
  const value = environment[name];
  if (value === undefined) {
    throw new TiplineError('CONFIG_VARIABLE_UNSET', `${at}: the environment variable ${name} is not set`, {
      retryable: false,
    });
  }
  return value;
}
