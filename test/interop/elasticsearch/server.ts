import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { runCommand, tiedToUs } from '../../services/command.ts';
import { freePort } from '../../services/free-port.ts';
import { javaProgram } from '../../services/java-build.ts';
import { until } from '../../services/wait.ts';

const POM = join(import.meta.dirname, 'pom.xml');
const CACHE = join(import.meta.dirname, '../../../.cache/interop/elasticsearch-8.19.8');
/** Elasticsearch refuses to run as root; so nobody runs it then. */
const NOBODY = 65_534;

export interface Elasticsearch8 {
  readonly url: string;
  stop(): Promise<void>;
}

/** The unpacked server; 0.9 GB are downloaded the first time. */
async function unpacked(): Promise<string> {
  if (existsSync(CACHE)) return CACHE;
  const folder = `${CACHE}.${process.pid}`;
  mkdirSync(dirname(CACHE), { recursive: true });
  const command = ['mvn', '-q', '-B', '-f', POM, `-Dunpacked=${folder}`, 'package'];
  const { code, stdout, stderr } = await runCommand(command);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${(stdout + stderr).slice(-2000)}`);
  renameSync(folder, CACHE);
  return CACHE;
}

/** Starts Elasticsearch 8.19.8 on a free loopback port, without x-pack's security, in a folder that goes with it. */
export async function startElasticsearch8(): Promise<Elasticsearch8> {
  const source = await unpacked();
  const asRoot = process.getuid?.() === 0;
  const folder = mkdtempSync(join(tmpdir(), 'tipline-elasticsearch-8-'));
  chmodSync(folder, 0o755);
  // a copy: the server writes beside its own files, and nobody must be able to read them
  const home = join(folder, 'home');
  cpSync(source, home, { recursive: true });
  mkdirSync(join(home, 'plugins'), { recursive: true });
  const parts = ['config', 'data', 'logs', 'tmp'].map((name) => join(folder, name));
  const [config = '', data = '', logs = '', temporary = ''] = parts;
  for (const part of parts) mkdirSync(part);
  for (const name of ['log4j2.properties', 'roles.yml', 'role_mapping.yml']) {
    if (existsSync(join(home, 'config', name))) cpSync(join(home, 'config', name), join(config, name));
  }
  for (const name of ['users', 'users_roles']) writeFileSync(join(config, name), '');
  const port = await freePort();
  const settings = {
    'cluster.name': 'tipline-test',
    'node.name': 'tipline-test',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': port,
    'transport.port': 0,
    'path.data': data,
    'path.logs': logs,
    'cluster.routing.allocation.disk.threshold_enabled': false,
    'cluster.max_shards_per_node': 10_000,
    'xpack.security.enabled': false,
    'xpack.security.autoconfiguration.enabled': false,
  };
  // JSON is YAML, so nothing needs to be quoted by hand
  writeFileSync(join(config, 'elasticsearch.yml'), JSON.stringify(settings));
  writeFileSync(
    join(config, 'jvm.options'),
    `-XX:-AlwaysPreTouch\n-Xms512m\n-Xmx512m\n-XX:+UseG1GC\n-Djava.io.tmpdir=${temporary}\n20-:--add-modules=jdk.incubator.vector\n`,
  );
  if (asRoot) giveAway(folder);

  const java = javaProgram('java');
  const javaHome = await homeOf(java);
  const launcher = [join(home, 'lib', '*'), join(home, 'lib', 'cli-launcher', '*')].join(delimiter);
  const drop = asRoot ? ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'] : [];
  const [program = '', ...args] = tiedToUs('TERM', [
    ...drop,
    java,
    '-Xms4m',
    '-Xmx64m',
    '-XX:+UseSerialGC',
    ...['name=server', `script=${join(home, 'bin/elasticsearch')}`, 'libs=lib/tools/server-cli'].map(
      (each) => `-Dcli.${each}`,
    ),
    ...[`path.home=${home}`, `path.conf=${config}`, 'distribution.type=tar', 'java.type=none'].map(
      (each) => `-Des.${each}`,
    ),
    ...['-cp', launcher, 'org.elasticsearch.launcher.CliToolLauncher'],
  ]);
  const environment = {
    ...process.env,
    HOME: folder,
    ES_TMPDIR: temporary,
    ES_HOME: home,
    ES_PATH_CONF: config,
    ES_JAVA_HOME: javaHome,
    JAVA_HOME: javaHome,
  };
  const child = spawn(program, args, { cwd: home, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece: Buffer) => {
      said = (said + piece.toString()).slice(-5000);
    });
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    await ended(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await until(
      async () => {
        if (child.exitCode !== null) throw new Error('it ended while starting');
        const answer = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`).catch(() => undefined);
        return answer?.ok === true;
      },
      { what: 'Elasticsearch 8 to serve', timeout: 180_000 },
    );
  } catch (error) {
    await stop();
    throw new Error(`${String(error)}\n${said}`);
  }
  return { url, stop };
}

async function homeOf(java: string): Promise<string> {
  const { stderr, stdout } = await runCommand([java, '-XshowSettings:properties', '-version']);
  const home = /java\.home = (.+)/.exec(stderr + stdout)?.[1];
  if (home === undefined) throw new Error('java does not tell where it is installed');
  return home.trim();
}

function giveAway(path: string): void {
  chownSync(path, NOBODY, NOBODY);
  for (const entry of readdirSync(path, { withFileTypes: true, recursive: true }))
    chownSync(join(entry.parentPath, entry.name), NOBODY, NOBODY);
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = once(child, 'exit');
  child.kill('SIGTERM');
  const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000);
  await end;
  clearTimeout(impatience);
}
