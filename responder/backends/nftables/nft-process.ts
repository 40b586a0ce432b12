import { spawn } from 'node:child_process';
import { codeOf, TiplineError } from '../../../core/process/errors.ts';

export type NftResult =
  | { readonly ok: true; readonly stdout: string }
  /** nft refused; `message` is its first line of complaint. */
  | { readonly ok: false; readonly kind: NftComplaint; readonly message: string };

/** - full: a set has no room; - busy: the kernel or the machine is short of something now; - element: what was asked is wrong. */
export type NftComplaint = 'full' | 'busy' | 'element';

/** Runs nft once. Throws TiplineErrors when it cannot be run or may not do this at all. */
export type Nft = (args: readonly string[], script?: string) => Promise<NftResult>;

const TIMEOUT = 120_000;
const MOST_OUTPUT = 400 * 1024 ** 2;

/**
 * nft as a child process: no shell, scripts on standard input, a fixed PATH (services often run without /usr/sbin, and
 * a privileged process should not search where its environment says).
 *
 * @param command `['nft']`, or a command that runs its arguments elsewhere, followed by nft
 */
export function createNft(command: readonly string[], timeoutMs = TIMEOUT): Nft {
  const [program = 'nft', ...before] = command;
  return async (args, script = '') => {
    const { code, signal, stdout, stderr } = await run(program, [...before, ...args], script, timeoutMs).catch(
      (error) => {
        // short of memory, the system says so here and not in an event
        throw error instanceof TiplineError ? error : cannotStart(program, error);
      },
    );
    if (code === 0) return { ok: true, stdout };
    const message = firstLine(stderr) || `nft ended with ${signal ?? `code ${code}`}`;
    if (/Operation not permitted|must be root/.test(stderr)) {
      throw new TiplineError(
        'NFT_PERMISSION',
        `nft may not change the firewall (${message}): give the responder CAP_NET_ADMIN, or use mode: dry-run`,
        { retryable: false },
      );
    }
    if (/JSON support not compiled/.test(stderr)) {
      throw new TiplineError('NFT_NO_JSON', 'this nft was built without JSON: install the nftables of a distribution', {
        retryable: false,
      });
    }
    return { ok: false, kind: signal === null ? complaintIn(stderr) : 'busy', message };
  };
}

/** The kernel's error texts, as strerror(3) has them with LC_ALL=C. ENFILE is how a full set answers. */
function complaintIn(stderr: string): NftComplaint {
  if (/Too many open files in system/.test(stderr)) return 'full';
  if (/No buffer space|temporarily unavailable|resource busy|timed out|Interrupted|Cannot allocate/.test(stderr)) {
    return 'busy';
  }
  return 'element';
}

interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

function run(program: string, args: readonly string[], input: string, timeoutMs: number): Promise<Exit> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      // a session of its own: Ctrl-C in a terminal ends the responder in order, not a transaction in the middle
      detached: true,
    });
    child.on('error', (cause) => reject(cannotStart(program, cause)));
    // out of file descriptors: there are no pipes, and the error is on its way
    if (child.pid === undefined) return;
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let size = 0;
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    const keep = (chunks: Buffer[]) => (chunk: Buffer) => {
      size += chunk.length;
      if (size > MOST_OUTPUT) child.kill('SIGKILL');
      else chunks.push(chunk);
    };
    child.stdout.on('data', keep(stdout));
    child.stderr.on('data', keep(stderr));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() });
    });
    // nft may end before it has read everything; its exit code tells
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}

function cannotStart(program: string, cause: unknown): TiplineError {
  const code = codeOf(cause);
  if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR') {
    return new TiplineError('NFT_MISSING', `${program} could not be started: install nftables, or use mode: dry-run`, {
      cause,
      retryable: false,
    });
  }
  return new TiplineError('NFT_FAILED', `${program} could not be started now (${code}); tried again soon`, {
    cause,
    retryable: true,
  });
}

function firstLine(text: string): string {
  const line = text.split('\n').find((one) => one.includes('Error')) ?? text.split('\n')[0] ?? '';
  return line.slice(0, 300).trim();
}
