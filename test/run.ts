/**
 * `npm test`: starts the servers that the chosen tests need, runs the tests with Node's own runner, stops everything.
 *
 *   npm test                                  everything but the long proofs
 *   npm run test:faults                       those: test/faults, what others' servers say, and chaos
 *   npm test -- test/bus test/store           files or folders
 *   npm test -- --test-name-pattern=rebalance any other option goes to `node --test`
 *   npm test -- --no-servers                  starts none: a test that needs one starts its own
 */
import { globSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { installPrograms } from './services/debian.ts';
import { startElasticsearch } from './services/elasticsearch.ts';
import { isBuilt } from './services/java-build.ts';
import type { ServerControl } from './services/java-server.ts';
import { startKafka } from './services/kafka.ts';
import { type Needs, needsOf, sharesProcess } from './services/needs.ts';
import { startTests, type TestProcess } from './services/test-process.ts';

const root = resolve(import.meta.dirname, '..');
/** The whole run may take this long: a file that hangs is then named. */
const runTimeout = 45 * 60_000;
/** Folder of the proofs that take minutes. */
const LONG = 'faults';

const began = performance.now();
const servers = new Map<string, ServerControl>();
let tests: TestProcess | undefined;
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    say(`${signal}: stopping`);
    stopping = true;
    // Before there are tests nothing is to be told; servers that are just starting end with this process.
    if (tests === undefined) process.exit(1);
    tests.interrupt(signal);
  });
}
// Hundreds of processes load the same modules: what is stripped and compiled once is read by the others.
process.env.NODE_COMPILE_CACHE ??= join(root, '.cache/compile');
process.exitCode = await main(process.argv.slice(2));

async function main(args: string[]): Promise<number> {
  try {
    const files = chosenFiles(args.filter((arg) => !arg.startsWith('-')));
    const needs = needsOf(files);
    if (needs.namespaces) await installPrograms(['nft', 'ip', 'unshare', 'nsenter'], say);
    const options = args.filter((arg) => arg.startsWith('-') && arg !== '--no-servers');
    return await runAll(files, needs, !args.includes('--no-servers'), options);
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

/** The test files below the given folders, and the given files whatever their name; all but the long proofs when none is given. */
function chosenFiles(paths: string[]): string[] {
  const usual = readdirSync(join(root, 'test'), { withFileTypes: true })
    .filter((each) => each.isDirectory() && each.name !== LONG)
    .map(({ name }) => join(root, 'test', name));
  const wanted = paths.length === 0 ? usual : paths.map((path) => resolve(path));
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

/** Those that share nothing with others first, in one process and while the servers start; then each of the others in its own. */
async function runAll(files: string[], needs: Needs, startsServers: boolean, options: string[]): Promise<number> {
  const together = files.filter(sharesProcess);
  const apart = files.filter((file) => !together.includes(file));
  say(`${together.length} test files in one process, ${apart.length} in one each; Node ${process.versions.node}`);
  const deadline = setTimeout(() => {
    say(`not finished after ${runTimeout / 60_000} minutes: stopping`);
    stopping = true;
    tests?.interrupt('SIGTERM');
  }, runTimeout);
  const starting = startsServers ? startServers(needs) : Promise.resolve();
  starting.catch(() => {});
  let code = 0;
  for (const [group, isolation] of [
    [together, 'together'],
    [apart, 'apart'],
  ] as const) {
    if (isolation === 'apart') await starting;
    if (group.length === 0) continue;
    if (stopping) return 1;
    tests = startTests(group, isolation, options);
    code = Math.max(code, await tests.ended);
  }
  clearTimeout(deadline);
  say(`finished after ${((performance.now() - began) / 1000).toFixed(1)} s`);
  return code;
}

function say(line: string): void {
  process.stdout.write(`[${((performance.now() - began) / 1000).toFixed(1)} s] ${line}\n`);
}
