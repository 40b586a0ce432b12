import { createRequire } from 'node:module';
import { TiplineError } from '../../../core/process/errors.ts';

const require = createRequire(import.meta.url);

/** A module of kafkajs that it does not export, and that was read before something here was built upon it. */
export interface Upstream {
  /** Its path below src/. */
  module: string;
  /** Of its text as it was read. A test holds the installed one to it. */
  sha256: string;
}

/** Something in kafkajs that is put right from outside. */
export interface Repair extends Upstream {
  /** To be called once, before kafkajs is used. */
  apply(): void;
}

/** The version whose insides were read; package.json pins it. */
export const KNOWN_KAFKAJS = '2.2.4';

export function kafkajsVersion(): string {
  const found: unknown = require('kafkajs/package.json');
  if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
  return 'unknown';
}

/** Throws unless the kafkajs that is installed is the one that the repairs in this folder were written for. */
export function demandKnownKafkajs(): void {
  const version = kafkajsVersion();
  if (version === KNOWN_KAFKAJS) return;
  throw new TiplineError(
    'BUS_CLIENT_VERSION',
    `kafkajs ${version} is installed, tipline needs ${KNOWN_KAFKAJS}: install what package-lock.json says (npm ci)`,
    { retryable: false },
  );
}

/** A module of kafkajs that it does not export, by its path below src/. */
export function kafkajsModule(path: string): unknown {
  return require(`kafkajs/src/${path}`);
}

/** Puts `exports` in the place of such a module, for everything that loads it from now on. */
export function replaceKafkajsModule(path: string, exports: unknown): void {
  const resolved = require.resolve(`kafkajs/src/${path}`);
  const cached = require.cache[resolved];
  if (cached !== undefined) cached.exports = exports;
}

/** Makes kafkajs load a module anew when it next needs it. */
export function forgetKafkajsModule(path: string): void {
  delete require.cache[require.resolve(`kafkajs/src/${path}`)];
}
