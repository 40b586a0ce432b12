/**
 * `npm test`: starts the servers that the chosen tests need, runs the tests with Node's own runner, stops everything.
 *
 *   npm test                                  everything
 *   npm test -- test/bus test/store           files or folders
 *   npm test -- --test-name-pattern=rebalance any other option goes to `node --test`
 *   npm test -- --no-servers                  starts none: a test that needs one starts its own
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { tiedToUs } from './services/command.ts';
import { installPrograms } from './services/debian.ts';
import { startElasticsearch } from './services/elasticsearch.ts';
import { isBuilt } from './services/java-build.ts';
import type { ServerControl } from './services/java-server.ts';
import { startKafka } from './services/kafka.ts';
import { type Needs, needsOf } from './services/needs.ts';

const root = resolve(import.meta.dirname, '..');
/** One test may take this long (fault tests restart servers), the whole run that long: a file that hangs is then named. */
const testTimeout = 180_000;
const runTimeout = 45 * 60_000;

const began = performance.now();
const servers = new Map<string, ServerControl>();
let tests: ChildProcess | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    say(`${signal}: stopping`);
    // Before there are tests nothing is to be told; servers that are just starting end with this process.
    if (tests === undefined) process.exit(1);
    interrupt(tests, signal);
  });
}
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const files = chosenFiles(args.filter((arg) => !arg.startsWith('-')));
    const needs = needsOf(files);
    if (needs.namespaces) await installPrograms(['nft', 'ip', 'unshare', 'nsenter'], say);
    if (!args.includes('--no-servers')) await startServers(needs);
    const options = args.filter((arg) => arg.startsWith('-') && arg !== '--no-servers');
    return await runTests(files, options);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  } finally {
    for (const [name, server] of servers) {
      if (!server.running) say(`${name} ended while the tests ran: that may be why they failed`);
      await server.stop();
    }
  }
}

/** The test files below the given folders, and the given files whatever their name; every test when none is given. */
function chosenFiles(paths: string[]): string[] {
  const wanted = (paths.length === 0 ? [join(root, 'test')] : paths).map((path) => resolve(path));
  const files = wanted.flatMap((path) => {
    if (statSync(path).isFile()) return [path];
    return globSync('**/*.test.ts', { cwd: path }).map((file) => join(path, file));
  });
  if (files.length === 0) throw new Error(`there is no *.test.ts in ${paths.join(' or ')}`);
  return [...new Set(files)].sort();
}

/** Starts what is needed and not given, and tells the tests by the environment where it is. */
async function startServers(needs: Needs): Promise<void> {
  const starts: Promise<void>[] = [];
  if (needs.kafka) starts.push(provide('Kafka', 'TIPLINE_TEST_KAFKA', startKafka, (kafka) => kafka.brokers.join(',')));
  if (needs.elasticsearch)
    starts.push(
      provide('Elasticsearch', 'TIPLINE_TEST_ELASTICSEARCH', startElasticsearch, (elasticsearch) => elasticsearch.url),
    );
  // All of them, so that the one that did start is known and stopped when another failed.
  const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

async function provide<T extends ServerControl & { version: string }>(
  name: string,
  variable: 'TIPLINE_TEST_KAFKA' | 'TIPLINE_TEST_ELASTICSEARCH',
  start: () => Promise<T>,
  address: (server: T) => string,
): Promise<void> {
  const given = process.env[variable];
  if (given) {
    say(`${name}: using ${given} from ${variable}`);
    return;
  }
  say(`${name}: starting${isBuilt() ? '' : ' as soon as Maven has fetched its jars'}`);
  const server = await start();
  servers.set(name, server);
  process.env[variable] = address(server);
  say(`${name}: ${server.version} at ${address(server)}, process ${server.pid}`);
}

async function runTests(files: string[], options: string[]): Promise<number> {
  const [program = '', ...args] = tiedToUs('TERM', [
    process.execPath,
    '--test',
    '--test-concurrency=2',
    `--test-timeout=${testTimeout}`,
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(root, 'test/services/no-skips.ts')}`,
    '--test-reporter-destination=stderr',
    `--test-reporter=${join(root, 'test/services/slowest.ts')}`,
    '--test-reporter-destination=stdout',
    ...options,
    ...files.map((file) => relative(root, file)),
  ]);
  say(`${files.length} test files, Node ${process.versions.node}`);
  // A group of its own: one Ctrl-C reaches it once, through us, and nothing of it is left when it has ended.
  const child = spawn(program, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], detached: true });
  tests = child;
  const deadline = setTimeout(() => {
    say(`not finished after ${runTimeout / 60_000} minutes: stopping`);
    interrupt(child, 'SIGTERM');
  }, runTimeout);
  const [code] = await once(child, 'exit');
  clearTimeout(deadline);
  killGroup(child);
  say(`finished after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return typeof code === 'number' ? code : 1;
}

/** Node's runner then names the unfinished tests and ends; a test that holds it up is not waited for long. */
function interrupt(child: ChildProcess, signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void {
  child.kill(signal === 'SIGHUP' ? 'SIGTERM' : signal);
  setTimeout(() => killGroup(child), 15_000).unref();
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // nobody of the group is left
  }
}

function say(line: string): void {
  process.stdout.write(`[${((performance.now() - began) / 1000).toFixed(1)} s] ${line}\n`);
}
