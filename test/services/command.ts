import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Administrators' programs (ip, nft) are not on every user's PATH. */
export const searchPath = [process.env.PATH ?? '', '/usr/sbin', '/sbin'].join(delimiter);

export interface Finished {
  /** Exit code; -1 when a signal ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Whether a program of this name can be run. */
export function isInstalled(program: string): boolean {
  return searchPath.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export interface CommandOptions {
  input?: string;
  /** Open files that the program gets as its descriptors 3, 4, … */
  lend?: readonly number[];
}

/** Runs a program without a shell to its end. Rejects only when it cannot be started. */
export function runCommand(argv: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  const [program = '', ...rest] = argv;
  const { promise, resolve, reject } = Promise.withResolvers<Finished>();
  const child = spawn(program, rest, {
    stdio: ['pipe', 'pipe', 'pipe', ...(options.lend ?? [])],
    env: { ...process.env, PATH: searchPath },
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  // A program that ends without reading its input is no failure of ours: its exit code tells.
  child.stdin?.on('error', () => {});
  child.stdin?.end(options.input ?? '');
  child.on('error', (cause) => reject(new Error(`${program} cannot be started: ${cause.message}`, { cause })));
  child.on('close', (code) =>
    resolve({ code: code ?? -1, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
  );
  return promise;
}

/**
 * The same command, woken by a signal when the process that started it goes away, even by SIGKILL.
 * CONT wakes a paused server so that it can notice; TERM ends what would otherwise run on alone.
 */
export function tiedToUs(signal: 'CONT' | 'TERM', argv: readonly string[]): string[] {
  return process.platform === 'linux' && isInstalled('setpriv')
    ? ['setpriv', '--pdeathsig', signal, ...argv]
    : [...argv];
}
