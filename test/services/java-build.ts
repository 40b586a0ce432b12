import { createHash, randomUUID } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isInstalled, runCommand } from './command.ts';

export type JavaService = 'kafka' | 'elasticsearch';

const sources = join(import.meta.dirname, 'java');
const cache = join(import.meta.dirname, '../../.cache/test-services');
const packages = 'On Debian: apt-get install openjdk-17-jdk-headless maven';

let building: Promise<string> | undefined;

/** The class path of a server: its jars and our small main class, made at first use and kept between runs. */
export async function classPath(service: JavaService): Promise<string> {
  building ??= build();
  const folder = await building;
  return [join(folder, 'classes', service), join(folder, service, '*')].join(delimiter);
}

/** The program of this name in JAVA_HOME, else the one on the PATH. Throws with what to install. */
export function javaProgram(name: 'java' | 'javac'): string {
  const home = process.env.JAVA_HOME;
  if (home !== undefined && existsSync(join(home, 'bin', name))) return join(home, 'bin', name);
  if (!isInstalled(name)) throw new Error(`The test servers need ${name} of Java 17 or later. ${packages}`);
  return name;
}

/** Whether the jars are there, so that starting a server does not take a download. */
export function isBuilt(): boolean {
  return existsSync(builtFolder());
}

/** Named by what it is made from, so that a changed version or source is built anew. */
function builtFolder(): string {
  const files = globSync('**/*.{xml,java}', { cwd: sources }).sort();
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(join(sources, file)));
  return join(cache, hash.digest('hex').slice(0, 16));
}

async function build(): Promise<string> {
  const finished = builtFolder();
  if (existsSync(finished)) return finished;

  await checkTools();
  // Built aside and renamed, so that a run that is cut short or two runs at once never leave half a folder in use.
  const draft = join(cache, `draft-${randomUUID()}`);
  mkdirSync(draft, { recursive: true });
  sweepDrafts();
  try {
    await must('mvn', ['-q', '-B', '-T2', '-f', sources, `-Djars=${draft}`, 'dependency:copy-dependencies']);
    await Promise.all([compile('kafka', draft), compile('elasticsearch', draft)]);
    renameSync(draft, finished);
  } catch (error) {
    // Another run may have been faster: then its folder is as good as ours.
    if (!existsSync(finished)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return finished;
}

/** A run that was killed while building left its draft behind. */
function sweepDrafts(): void {
  const anHourAgo = Date.now() - 3_600_000;
  for (const draft of globSync(join(cache, 'draft-*'))) {
    if (statSync(draft).mtimeMs < anHourAgo) rmSync(draft, { recursive: true, force: true });
  }
}

async function checkTools(): Promise<void> {
  if (!isInstalled('mvn')) throw new Error(`The test servers need Maven. ${packages}`);
  const { stdout, stderr } = await runCommand([javaProgram('javac'), '-version']);
  const major = Number(/javac (\d+)/.exec(stdout + stderr)?.[1] ?? 0);
  if (major < 17) throw new Error(`The test servers need Java 17 or later; this is ${major}. ${packages}`);
}

async function compile(service: JavaService, folder: string): Promise<void> {
  const own = globSync([`${sources}/*.java`, `${sources}/${service}/*.java`]);
  const target = join(folder, 'classes', service);
  await must(javaProgram('javac'), ['--release', '17', '-d', target, '-cp', join(folder, service, '*'), ...own]);
}

async function must(program: string, args: string[]): Promise<void> {
  const { code, stdout, stderr } = await runCommand([program, ...args]);
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${(stdout + stderr).trim().slice(-3000)}`);
}
