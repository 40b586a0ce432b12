import { isInstalled, runCommand } from './command.ts';

/** Programs that tests use, and the Debian packages that bring them. */
const packageOf = {
  ip: 'iproute2',
  nft: 'nftables',
  nsenter: 'util-linux',
  openssl: 'openssl',
  unshare: 'util-linux',
} as const;

export type Program = keyof typeof packageOf;

/** Throws with the packages to install when one of the programs is missing. */
export function requirePrograms(...programs: Program[]): void {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length > 0) throw new Error(`${missing.join(', ')} not found. ${advice(missing)}`);
}

/** Installs what is missing where that is possible without asking anybody: as root, on Debian. Else throws what to do. */
export async function installPrograms(programs: readonly Program[], say: (line: string) => void): Promise<void> {
  const missing = programs.filter((program) => !isInstalled(program));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !isInstalled('apt-get')) requirePrograms(...missing);

  const packages = packagesOf(missing);
  say(`${missing.join(', ')} not found: installing ${packages.join(', ')} with apt-get`);
  // A fresh image has no package lists; its lists may also be too old to download by.
  for (const step of [['update'], ['install', '--no-install-recommends', ...packages]]) {
    const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...step];
    const { code, stdout, stderr } = await runCommand(command);
    if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${(stdout + stderr).slice(-2000)}`);
  }
  requirePrograms(...programs);
}

function packagesOf(programs: readonly Program[]): string[] {
  return [...new Set(programs.map((program) => packageOf[program]))];
}

function advice(missing: readonly Program[]): string {
  return `On Debian, as root: apt-get install ${packagesOf(missing).join(' ')}`;
}
