import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { stringify } from 'yaml';
import { openKafkaBus } from '../../../bus/kafka/bus.ts';
import type { Bus } from '../../../bus/port.ts';
import { withPrefix } from '../../../bus/prefixed.ts';
import { configSchema, type KafkaConfig } from '../../../core/process/config/sections.ts';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { type FeedState, readFeedStates } from '../../../ingest/feed-state.ts';
import { openEmbeddedStore } from '../../../store/embedded/store.ts';
import { runCommand } from '../../services/command.ts';
import { freshName, givenKafka } from '../../services/given.ts';

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** A tipline that ingests into the shared Kafka, under a prefix of its own, with its cursors in its data folder. */
export interface Station {
  /** For what its sources keep on disk. */
  readonly folder: string;
  readonly brokers: readonly string[];
  readonly prefix: string;
  /** The same topics. */
  readonly bus: Bus;
  configure(feeds: readonly object[]): void;
  /** `tipline run ingest ARGS…`, the process itself. */
  start(args: readonly string[], killAt?: string): Running;
  /** What is stored of each feed; while no process runs. */
  states(): Promise<Map<string, FeedState>>;
}

let compiled: Promise<string> | undefined;

/** A folder with the program as Node compiled it, which spares each start a third. Only a process that ends well writes there. */
async function compileOnce(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-compiled-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await runCommand(['env', `NODE_COMPILE_CACHE=${folder}`, process.execPath, 'cli/main.ts', '--version']);
  return folder;
}

/** It ends with the test. */
export async function openStation(t: TestContext): Promise<Station> {
  const folder = mkdtempSync(join(tmpdir(), 'tipline-ingest-kill-'));
  const prefix = `${freshName('kill')}-`;
  const brokers = [...(await givenKafka())];
  compiled ??= compileOnce();
  const cache = await compiled;
  const file = join(folder, 'tipline.yaml');
  const data = join(folder, 'data');
  mkdirSync(data);
  const base = {
    data,
    bus: { kind: 'kafka', brokers, prefix },
    store: { kind: 'embedded' },
    http: { listen: 'off' },
    log: 'warn',
  };
  const bus = withPrefix(
    openKafkaBus(configSchema.parse(base).bus as KafkaConfig, { log: silentLog, health: createHealth() }),
    prefix,
  );
  const children = new Set<ChildProcess>();
  t.after(async () => {
    for (const child of children) child.kill('SIGKILL');
    await bus.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return {
    folder,
    brokers,
    prefix,
    bus,
    configure: (feeds) => writeFileSync(file, stringify({ ...base, feeds })),
    start(args, killAt) {
      const child = spawn(process.execPath, ['cli/main.ts', 'run', 'ingest', ...args], {
        env: {
          ...process.env,
          NODE_COMPILE_CACHE: cache,
          TIPLINE_CONFIG: file,
          ...(killAt === undefined ? {} : { TIPLINE_KILL_AT: killAt }),
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      children.add(child);
      let stderr = '';
      child.stderr.setEncoding('utf8').on('data', (piece: string) => {
        stderr += piece;
      });
      const ended = new Promise<Ended>((resolve) => {
        child.once('close', (code, signal) => {
          children.delete(child);
          resolve({ code, signal, stderr });
        });
      });
      return { child, ended };
    },
    async states() {
      const store = openEmbeddedStore({ data, log: silentLog, health: createHealth() });
      try {
        return await readFeedStates(store.cursors);
      } finally {
        await store.close();
      }
    },
  };
}
