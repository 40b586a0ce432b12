import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../services/wait.ts';

const MAIN = join(import.meta.dirname, '../../cli/main.ts');

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A process that may still run: what it has said so far, and its end. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly stdout: string;
  readonly stderr: string;
  /** Waits until it has said this on standard output; fails at once when it ends first. */
  said(words: RegExp): Promise<RegExpExecArray>;
}

/** A fresh working folder in which `tipline ARGS…` runs as for somebody who has just installed it: no configuration, no servers. */
export interface Folder {
  readonly path: string;
  /** Writes a file of the folder and returns its absolute path. */
  write(name: string, text: string): string;
  read(name: string): string;
  start(args: readonly string[], environment?: Record<string, string>): Running;
  run(args: readonly string[], environment?: Record<string, string>): Promise<Ended>;
  /** Kills what still runs and deletes the folder. */
  close(): void;
}

export function openFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'tipline-folder-'));
  const children = new Set<ChildProcess>();
  const { TIPLINE_CONFIG: _, ...inherited } = process.env;

  function start(args: readonly string[], environment: Record<string, string> = {}): Running {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: path,
      env: { ...inherited, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (piece: Buffer) => {
      said.stdout += piece.toString();
    });
    child.stderr.on('data', (piece: Buffer) => {
      said.stderr += piece.toString();
    });
    let over = false;
    const ended = new Promise<Ended>((resolve) => {
      child.once('close', (code, signal) => {
        over = true;
        children.delete(child);
        resolve({ code, signal, ...said });
      });
    });
    return {
      child,
      ended,
      get stdout() {
        return said.stdout;
      },
      get stderr() {
        return said.stderr;
      },
      async said(words) {
        const found = await until(() => words.exec(said.stdout) ?? over, { what: `${words}`, timeout: 30_000 });
        if (found !== true) return found;
        throw new Error(`it ended without saying ${words}:\n${said.stdout}\n${said.stderr}`);
      },
    };
  }

  return {
    path,
    write(name, text) {
      const file = join(path, name);
      writeFileSync(file, text);
      return file;
    },
    read: (name) => readFileSync(join(path, name), 'utf8'),
    start,
    run: (args, environment) => start(args, environment).ended,
    close() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(path, { recursive: true, force: true });
    },
  };
}
