import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { openKafkaBus } from '../../bus/kafka/bus.ts';
import type { Bus } from '../../bus/port.ts';
import { withPrefix } from '../../bus/prefixed.ts';
import { configSchema, type KafkaConfig } from '../../core/process/config/sections.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { freshName, givenElasticsearch, givenKafka } from '../services/given.ts';

export interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A tipline of its own on the shared Kafka and Elasticsearch: prefix, configuration file and data folder. */
export interface Lab {
  readonly folder: string;
  readonly prefix: string;
  readonly elasticsearch: string;
  configure(changes: Record<string, unknown>): void;
  /** Starts `tipline ARGS…` as a process; kill it through `child`. */
  start(
    args: readonly string[],
    environment?: Record<string, string>,
  ): { child: ChildProcess; ended: Promise<Outcome> };
  run(args: readonly string[], environment?: Record<string, string>): Promise<Outcome>;
  /** A bus of the test's own on the same topics. */
  bus: Bus;
  /** Asks Elasticsearch; `path` is put behind the prefix. */
  ask<T>(method: string, path: string, body?: unknown): Promise<T>;
  count(index: string, query?: unknown): Promise<number>;
  close(): Promise<void>;
}

export async function openLab(given: { kafka?: readonly string[]; elasticsearch?: string } = {}): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-e2e-'));
  const prefix = `${freshName('e2e')}-`;
  const brokers = [...(given.kafka ?? (await givenKafka()))];
  const elasticsearch = given.elasticsearch ?? (await givenElasticsearch());
  const file = join(folder, 'tipline.yaml');
  const base = {
    data: './data',
    bus: { kind: 'kafka', brokers, prefix },
    store: { kind: 'elasticsearch', nodes: [elasticsearch], prefix, replicas: 0 },
    http: { listen: 'off' },
    responder: { name: 'fw1' },
    log: 'warn',
  };
  const configure = (changes: Record<string, unknown>): void => writeFileSync(file, stringify({ ...base, ...changes }));
  configure({});
  const bus = withPrefix(
    openKafkaBus(configSchema.parse(base).bus as KafkaConfig, { log: silentLog, health: createHealth() }),
    prefix,
  );
  const children = new Set<ChildProcess>();

  const start: Lab['start'] = (args, environment = {}) => {
    const child = spawn(process.execPath, ['cli/main.ts', ...args], {
      env: { ...process.env, TIPLINE_CONFIG: file, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (piece: Buffer) => {
      stdout += piece.toString();
    });
    child.stderr.on('data', (piece: Buffer) => {
      stderr += piece.toString();
    });
    const ended = new Promise<Outcome>((resolve) => {
      child.once('close', (code, signal) => {
        children.delete(child);
        resolve({ code, signal, stdout, stderr });
      });
    });
    return { child, ended };
  };

  async function ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${elasticsearch}/${prefix}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    return (await response.json()) as T;
  }

  return {
    folder,
    prefix,
    elasticsearch,
    configure,
    start,
    run: (args, environment) => start(args, environment).ended,
    bus,
    ask,
    async count(index, query) {
      await ask('POST', `${index}/_refresh`);
      return (await ask<{ count: number }>('POST', `${index}/_count`, query === undefined ? undefined : { query }))
        .count;
    },
    async close() {
      for (const child of children) child.kill('SIGKILL');
      await bus.close();
      await fetch(`${elasticsearch}/${prefix}*?expand_wildcards=all`, { method: 'DELETE' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
