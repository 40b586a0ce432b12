import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CommandOptions, type Finished, runCommand, searchPath } from './command.ts';
import { requirePrograms } from './debian.ts';
import type { Reply, Request, Route } from './netns/agent.ts';
import { firstLine, makeNamespaces, type Namespace } from './netns/namespace.ts';
import { addresses, cables, echoPort, links, type Place, places, routes } from './netns/topology.ts';

export type { Place } from './netns/topology.ts';

/** What a probe or a flow is about. `port` is the echo port unless told. */
export interface Way {
  from: Place;
  to: string;
  sourceAddress?: string;
  port?: number;
}

/** A TCP connection that stays open. */
export interface Flow {
  /** Whether bytes sent now come back within a second. */
  echoes(): Promise<boolean>;
  close(): Promise<void>;
}

/** Three network namespaces with real packets between them: attacker – firewall – server. */
export interface Lab {
  readonly addresses: typeof addresses;
  readonly echoPort: number;
  /** The namespace as a file, for `nsenter --net=`; good until the lab closes. */
  path(place: Place): string;
  /** The argv that runs this argv in that place, for code that starts its own programs. */
  command(place: Place, argv: readonly string[]): string[];
  /** Runs a program to its end in that place. A non-zero exit code rejects with what it printed. */
  exec(place: Place, argv: readonly string[], options?: { input?: string }): Promise<Finished>;
  /** Starts a program that stays, in that place. It is killed when the lab closes. */
  spawn(place: Place, argv: readonly string[]): ChildProcess;
  /** Whether bytes sent there come back within a second, over TCP unless told. */
  reaches(way: Way & { protocol?: 'tcp' | 'udp' }): Promise<boolean>;
  /** Opens a connection that stays; rejects when it does not come about within a second. */
  open(way: Way): Promise<Flow>;
}

/** Builds the lab, runs the work in it, and takes it down whatever happens. */
export async function withNamespaces<T>(work: (lab: Lab) => Promise<T>): Promise<T> {
  requirePrograms('nft', 'ip', 'unshare', 'nsenter');
  const children = new Set<ChildProcess>();
  const [attacker, firewall, server] = await makeNamespaces(places.length);
  if (attacker === undefined || firewall === undefined || server === undefined) throw new Error('no namespaces');
  const namespaces: Record<Place, Namespace> = { attacker, firewall, server };
  try {
    await connectPlaces(namespaces);
    const agents = Object.fromEntries(
      await Promise.all(places.map(async (place) => [place, await startAgent(place, namespaces[place], children)])),
    ) as Record<Place, Agent>;
    return await work(labOf(namespaces, agents, children));
  } finally {
    await Promise.all([...children].map(end));
    for (const place of places) namespaces[place].release();
  }
}

async function connectPlaces(namespaces: Record<Place, Namespace>): Promise<void> {
  const ip = (place: Place, lines: string[], lend: number[] = []) =>
    exec(namespaces[place], ['ip', '-batch', '-'], { input: `${lines.join('\n')}\n`, lend });
  const set = (place: Place, value: string, ...keys: string[]) =>
    exec(namespaces[place], ['tee', ...keys.map((key) => `/proc/sys/net/${key}`)], { input: value });
  // Without a link-local address, which is tentative for its first seconds, nothing is forwarded over IPv6.
  for (const place of places) await set(place, '0', 'ipv6/conf/all/accept_dad', 'ipv6/conf/default/accept_dad');
  await set('firewall', '1', 'ipv4/ip_forward', 'ipv6/conf/all/forwarding');
  // Lent, because whoever is root of a user namespace alone may not open files of a process outside of it.
  const lent = [namespaces.attacker.fd, namespaces.server.fd];
  await ip('firewall', cables({ attacker: '/proc/self/fd/3', server: '/proc/self/fd/4' }), lent);
  await Promise.all(places.map((place) => ip(place, links(place))));
  await Promise.all(places.map((place) => ip(place, routes(place))));
}

function labOf(namespaces: Record<Place, Namespace>, agents: Record<Place, Agent>, children: Set<ChildProcess>): Lab {
  let flows = 0;
  const route = ({ to, sourceAddress, port = echoPort }: Way): Route => ({ to, port, sourceAddress });
  return {
    addresses,
    echoPort,
    path: (place) => namespaces[place].path,
    command: (place, argv) => namespaces[place].command(argv),
    exec: (place, argv, options) => exec(namespaces[place], argv, options),
    spawn: (place, argv) => start(namespaces[place], argv, children),
    reaches: (way) => agents[way.from].ask({ do: 'probe', protocol: way.protocol ?? 'tcp', ...route(way) }),
    async open(way) {
      const agent = agents[way.from];
      const flow = ++flows;
      if (!(await agent.ask({ do: 'open', flow, ...route(way) }))) throw new Error(`no connection to ${way.to}`);
      return {
        echoes: () => agent.ask({ do: 'echo', flow }),
        close: async () => void (await agent.ask({ do: 'close', flow })),
      };
    },
  };
}

/** Request without its number, for each kind on its own. */
type Question = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;
interface Agent {
  ask(question: Question): Promise<boolean>;
}

async function startAgent(place: Place, namespace: Namespace, children: Set<ChildProcess>): Promise<Agent> {
  const program = join(import.meta.dirname, 'netns/agent.ts');
  const own = [...addresses[place].v4, ...addresses[place].v6];
  const child = start(namespace, [process.execPath, program, String(echoPort), ...own], children);
  await firstLine(child, `agent of ${place}`);
  const waiting = new Map<number, (ok: boolean) => void>();
  if (child.stdout === null) throw new Error('the agent has no output');
  createInterface(child.stdout).on('line', (line) => {
    const reply: Reply = JSON.parse(line);
    waiting.get(reply.id)?.(reply.ok);
    waiting.delete(reply.id);
  });
  let last = 0;
  return {
    ask(question) {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const id = ++last;
      waiting.set(id, resolve);
      child.stdin?.write(`${JSON.stringify({ id, ...question })}\n`);
      return promise;
    },
  };
}

async function exec(namespace: Namespace, argv: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const finished = await runCommand(namespace.command(argv), options);
  if (finished.code !== 0) {
    throw new Error(`${argv.join(' ')} ended with ${finished.code}: ${(finished.stderr + finished.stdout).trim()}`);
  }
  return finished;
}

function start(namespace: Namespace, argv: readonly string[], children: Set<ChildProcess>): ChildProcess {
  const [program = '', ...args] = namespace.command(argv);
  const child = spawn(program, args, { stdio: 'pipe', env: { ...process.env, PATH: searchPath } });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.stdin?.on('error', () => {});
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
