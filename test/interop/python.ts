import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '../services/command.ts';

const FOLDER = join(import.meta.dirname, '../../.cache/interop');
const SCRIPTS = join(import.meta.dirname, 'python');
const REQUIREMENTS = join(SCRIPTS, 'requirements.txt');
const ADVICE = 'On Debian, as root: apt-get install python3 python3-venv';
/** What some of the packages ask for. */
const OLDEST = [3, 11];

/** A Python that has the public servers and clients. */
export interface Python {
  /** Path of its program. */
  readonly program: string;
  readonly version: string;
  /** Versions of packages, by their names in requirements.txt. */
  readonly packages: ReadonlyMap<string, string>;
  /** Whether all had to be installed first. */
  readonly fresh: boolean;
  /** Path of one of our own scripts. */
  script(name: string): string;
  /** Runs one of our own scripts to its end and reads the JSON that it prints. */
  read<T>(name: string, args: readonly string[]): Promise<T>;
}

/**
 * Installs the servers and clients into a folder of their own, unless exactly these are there already. pip takes them from wherever this
 * machine is set up to take packages from.
 */
export async function openPython(say: (line: string) => void): Promise<Python> {
  const system = await findPython();
  const requirements = readFileSync(REQUIREMENTS, 'utf8');
  const folder = join(FOLDER, 'venv');
  const program = join(folder, 'bin/python');
  const stamp = join(folder, 'complete');
  const wanted = createHash('sha256').update(`${system.version}\n${system.program}\n${requirements}`).digest('hex');
  const fresh = textOf(stamp) !== wanted;
  if (fresh) {
    say(`installing the servers and clients of requirements.txt with pip into ${folder}`);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(FOLDER, { recursive: true });
    await must([system.program, '-m', 'venv', folder]);
    const quiet = ['--quiet', '--no-input', '--disable-pip-version-check'];
    await must([program, '-m', 'pip', 'install', ...quiet, '--no-deps', '--requirement', REQUIREMENTS]);
    await must([program, '-m', 'pip', 'check', '--no-input', '--disable-pip-version-check']);
    writeFileSync(stamp, wanted);
  }
  const script = (name: string): string => join(SCRIPTS, name);
  return {
    program,
    version: system.version,
    packages: new Map(
      [...requirements.matchAll(/^([\w.-]+)==(\S+)$/gm)].map(([, name = '', each = '']) => [name, each]),
    ),
    fresh,
    script,
    async read(name, args) {
      return JSON.parse(await must([program, script(name), ...args]));
    },
  };
}

async function findPython(): Promise<{ program: string; version: string }> {
  // venv makes no use of a Python that lacks ensurepip, and Debian has both in a package of their own
  const probe = 'import ensurepip, platform, sys, venv; print(sys.executable); print(platform.python_version())';
  const found = await runCommand(['python3', '-c', probe]).catch(() => undefined);
  if (found === undefined) throw new Error(`python3 not found. ${ADVICE}`);
  if (found.code !== 0) throw new Error(`python3 lacks venv or pip. ${ADVICE}\n${found.stderr.slice(-500)}`);
  const [program = '', version = ''] = found.stdout.trim().split('\n');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor = 0, oldMinor = 0] = OLDEST;
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    throw new Error(`python3 is ${version}; the servers and clients need ${OLDEST.join('.')} or later. ${ADVICE}`);
  }
  return { program, version };
}

async function must(argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCommand(argv);
  if (code === 0) return stdout;
  throw new Error(`${argv.join(' ')} ended with ${code}:\n${(stdout + stderr).slice(-4000)}`);
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
