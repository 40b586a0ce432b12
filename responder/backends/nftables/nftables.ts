import { TiplineError } from '../../../core/process/errors.ts';
import type { Backend, Change, Outcome } from '../backend.ts';
import { installedIn, type TableListing, tableIn } from './listing.ts';
import { createNft, type NftResult } from './nft-process.ts';
import { probeRenewal } from './renewal.ts';
import { elementScript, type Renewal } from './script.ts';
import { FAMILY, type Hook, installScript, SETS, TABLE, TABLE_NAME, TEARDOWN_SCRIPT } from './table.ts';

export interface NftablesOptions {
  readonly chains: readonly Hook[];
  /** Default `['nft']`; for another network namespace `['ip', 'netns', 'exec', 'NAME', 'nft']`. */
  readonly command?: readonly string[];
  /** Elements that one set may hold. */
  readonly setSize?: number;
  /** Leaves out the probe for what the kernel can do. */
  readonly renewal?: Renewal;
}

const DEFAULT_SET_SIZE = 1_000_000;
/** Below this a full set is not searched for the few elements that would have fitted. */
const SMALLEST_FULL_PART = 64;
const UNREADABLE: TableListing = { fingerprint: 'unreadable', packets: new Map() };
const CANARY = '{ 192.0.2.1 timeout 1s }';

export function createNftables(options: NftablesOptions): Backend {
  const nft = createNft(options.command ?? ['nft']);
  let renewal: Renewal | undefined = options.renewal;
  /** What our table looked like when it was last installed. */
  let installed = '';

  /**
   * Our table without its elements; undefined when it is not there. Listing the table itself with -t makes nft (1.0.6)
   * read all elements all the same: half a second with 100,000 of them, where the ruleset takes 5 ms. But that nft also
   * prints garbage as the flags of a dormant table, whoever's it is, so ours may have to be asked for by name.
   */
  async function look(): Promise<TableListing | undefined> {
    for (const what of [['ruleset'], ['table', TABLE_NAME]]) {
      const [kind = '', ...name] = what;
      const listed = await nft(['-t', '-j', 'list', kind, FAMILY, ...name]);
      if (!listed.ok && isAbsent(listed.message)) return undefined;
      try {
        if (listed.ok) return tableIn(listed.stdout);
      } catch {
        // no JSON
      }
    }
    return UNREADABLE;
  }

  async function install(): Promise<NftResult> {
    return nft(['-f', '-'], installScript(options.chains, options.setSize ?? DEFAULT_SET_SIZE));
  }

  async function ensure(): Promise<boolean> {
    let created = (await look()) === undefined;
    let result = await install();
    if (!result.ok && !created) {
      // a table of that name with other sets: an older version's, or somebody changed it
      await nft(['-f', '-'], TEARDOWN_SCRIPT);
      created = true;
      result = await install();
    }
    if (!result.ok) throw trouble('the table inet tipline cannot be installed', result.message);
    renewal ??= await probeRenewal(nft);
    const table = await look();
    if (table === undefined) throw gone();
    installed = table.fingerprint;
    return created;
  }

  async function apply(changes: readonly Change[], now: number): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    let trusted = false;

    /** Halves what fails until the offenders stand alone; the rest is done. */
    async function attempt(part: readonly Change[]): Promise<void> {
      const script = elementScript(part, now, renewal ?? 'replace');
      const result: NftResult = script === '' ? { ok: true, stdout: '' } : await nft(['-f', '-'], script);
      if (result.ok) {
        for (const _ of part) outcomes.push({ ok: true });
        return;
      }
      if (result.kind === 'busy') throw trouble('the firewall is busy', result.message);
      const [only] = part;
      if (only === undefined) return;
      if (part.length === 1 && only.kind === 'remove' && isAbsent(result.message)) {
        if ((await look()) === undefined) throw gone();
        outcomes.push({ ok: true });
        return;
      }
      const full =
        result.kind === 'full' && part.length <= SMALLEST_FULL_PART && part.every(({ kind }) => kind === 'add');
      if (part.length === 1 || full) {
        if (!trusted) await checkCanary(result.message);
        trusted = true;
        const code = result.kind === 'full' ? 'BACKEND_FULL' : 'BACKEND_REJECTED';
        for (const _ of part) outcomes.push({ ok: false, code, message: result.message });
        return;
      }
      if ((await look()) === undefined) throw gone();
      const middle = part.length >> 1;
      await attempt(part.slice(0, middle));
      await attempt(part.slice(middle));
    }

    await attempt(changes);
    return outcomes;
  }

  /** Before an element is blamed: does the firewall take a harmless one? If not, nothing is wrong with the element. */
  async function checkCanary(message: string): Promise<void> {
    if ((await look()) === undefined) throw gone();
    const lines = `add element ${TABLE} nets4 ${CANARY}\ndelete element ${TABLE} nets4 { 192.0.2.1 }\n`;
    const result = await nft(['-f', '-'], lines);
    if (!result.ok && result.kind !== 'full') throw trouble('the firewall refuses everything', message);
  }

  return {
    get description() {
      return `nftables (table ${TABLE}, renewal by ${renewal ?? 'a technique not probed yet'})`;
    },
    enforces: true,
    // the interval sets are quadratic where elements must be replaced to be renewed
    get maxCidrs() {
      return renewal === 'expires' ? 10_000 : 2000;
    },
    get maxChanges() {
      return renewal === 'expires' ? 1000 : 200;
    },
    ensure,
    apply,
    async list(now) {
      const found = [];
      for (const set of SETS) {
        const result = await nft(['-j', 'list', 'set', FAMILY, TABLE_NAME, set]);
        if (!result.ok) throw gone();
        found.push(...installedIn(result.stdout, now));
      }
      return found;
    },
    async probe() {
      const table = await look();
      if (table === undefined) return { state: 'missing', dropped: new Map() };
      return {
        state: table !== UNREADABLE && table.fingerprint === installed ? 'intact' : 'damaged',
        dropped: table.packets,
      };
    },
    async teardown() {
      await nft(['-f', '-'], TEARDOWN_SCRIPT);
    },
  };
}

function isAbsent(message: string): boolean {
  return /does not exist|No such file or directory/.test(message);
}

function trouble(what: string, message: string): TiplineError {
  return new TiplineError('NFT_FAILED', `${what} (${message}); tried again soon`, { retryable: true });
}

function gone(): TiplineError {
  return new TiplineError('NFT_TABLE_GONE', 'the table inet tipline is gone: somebody flushed the ruleset', {
    retryable: true,
  });
}
