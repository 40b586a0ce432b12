import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { searchPath, tiedToUs } from './command.ts';
import { classPath, type JavaService, javaProgram } from './java-build.ts';
import { until } from './wait.ts';

/** A server can be slow to start when both cores are busy with other tests. */
const startTimeout = 120_000;

/** What a test may do to a running server. */
export interface ServerControl {
  /** Process id; changes with every start. Throws while the server is down. */
  readonly pid: number;
  readonly running: boolean;
  /** Starts it again on the same ports and data. Resolves when it serves. */
  start(): Promise<void>;
  /** SIGTERM, then waits: an orderly end that keeps the data. */
  shutdown(): Promise<void>;
  /** SIGKILL, then waits: a crash that keeps the data. */
  kill(): Promise<void>;
  /** SIGSTOP: connections stay open and nothing answers. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** Ends it and deletes its folder: the last call. */
  stop(): Promise<void>;
}

/** Everything that must not outlive this process. */
const ours = new Set<JavaServer>();
process.on('exit', () => {
  for (const server of ours) server.discard();
});

/** One JVM with a folder of its own, which it gets as its argument. */
export class JavaServer implements ServerControl {
  readonly folder: string;
  readonly #service: JavaService;
  readonly #mainClass: string;
  readonly #heap: string;
  readonly #log: string;
  #child: ChildProcess | undefined;
  #version = '';

  constructor(plan: { service: JavaService; mainClass: string; folder: string; heap: string }) {
    this.folder = plan.folder;
    this.#service = plan.service;
    this.#mainClass = plan.mainClass;
    this.#heap = plan.heap;
    this.#log = join(plan.folder, 'server.log');
    mkdirSync(join(plan.folder, 'tmp'));
    ours.add(this);
  }

  get version(): string {
    return this.#version;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.#service} is not running`);
    return pid;
  }

  async start(): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.#service} is running already`);
    const path = await classPath(this.#service);
    const [program = '', ...args] = tiedToUs('CONT', [
      javaProgram('java'),
      `-Xmx${this.#heap}`,
      '-XX:-UsePerfData',
      `-Djava.io.tmpdir=${join(this.folder, 'tmp')}`,
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      path,
      this.#mainClass,
      this.folder,
    ]);
    const log = openSync(this.#log, 'a');
    const before = statSync(this.#log).size;
    // The open end of its standard input is what tells the JVM that we are still here.
    const child = spawn(program, args, { stdio: ['pipe', log, log], env: { ...process.env, PATH: searchPath } });
    closeSync(log);
    this.#child = child;
    child.once('exit', () => {
      if (this.#child === child) this.#child = undefined;
    });
    let failure: string | undefined;
    child.once('error', (error) => {
      failure = error.message;
      this.#child = undefined;
    });
    letEnd(child);

    const ready = await until(
      () => {
        const match = /^READY version=(\S+)/m.exec(this.#logSince(before));
        if (match !== null) return match;
        return this.#child === child ? undefined : 'ended';
      },
      { what: `${this.#service} to serve`, timeout: startTimeout },
    ).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw new Error(`${String(error)}\n${this.#logSince(before).slice(-3000)}`);
    });
    if (ready === 'ended') {
      throw new Error(
        `${this.#service} ended while starting: ${failure ?? ''}\n${this.#logSince(before).slice(-3000)}`,
      );
    }
    this.#version = ready[1] ?? '';
  }

  shutdown(): Promise<void> {
    return this.#end('SIGTERM');
  }

  kill(): Promise<void> {
    return this.#end('SIGKILL');
  }

  pause(): void {
    process.kill(this.pid, 'SIGSTOP');
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  async stop(): Promise<void> {
    await this.kill();
    ours.delete(this);
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The same at once and without waiting, for a process that is about to exit. */
  discard(): void {
    this.#child?.kill('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.ref();
    const ended = once(child, 'exit');
    child.kill(signal);
    // A server that is paused, or hangs on its way down, does not follow SIGTERM.
    const impatience = setTimeout(() => child.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(impatience);
    this.#child = undefined;
  }

  #logSince(offset: number): string {
    return readFileSync(this.#log).subarray(offset).toString();
  }
}

/** A server nobody stopped must not keep its test process alive: the exit handler above ends it. */
function letEnd(child: ChildProcess): void {
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  // Writing to a JVM that died is nobody's business here.
  child.stdin?.on('error', () => {});
}
