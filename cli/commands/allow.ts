import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { isDataFolderHeld } from '../../core/process/data-folder.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { ALLOW_LIST_APPLIED, SHARED_ALLOW_LIST, type SharedAllowEntry } from '../../enrich/lists/entry.ts';
import type { Cursors } from '../../store/port.ts';
import { readDuration } from '../duration-option.ts';
import { EXIT, type Finish } from '../finish.ts';
import { readIndicatorArgument } from '../indicator-argument.ts';
import { jsonLine } from '../json-line.ts';
import { type CommonOptions, type Session, withSession } from '../session.ts';
import { table } from '../table.ts';

interface AllowOptions extends CommonOptions {
  type?: string;
  reason?: string;
  until?: string;
  remove?: boolean;
}

export function addAllow(program: Command, finish: Finish): void {
  program
    .command('allow')
    .description('never call this a threat: no alert, no block, and existing blocks are lifted')
    .argument('[value]', 'address, CIDR (any overlap), domain (and below it, with URLs), hash; none: show the list')
    .option('--type <type>', 'its type, when it cannot be told from the value')
    .option('--reason <text>', 'why; required')
    .option('--until <duration>', 'for how long, such as 12h or 30d; without it for good')
    .option('--remove', 'take the entry off the list')
    .option('--json', 'the list as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  tipline allow 198.51.100.0/24 --reason "our partner" --until 90d\n  tipline allow cdn.example.net --remove\n  tipline allow',
    )
    .action(async (value: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<AllowOptions>();
      finish(
        await withSession(options, async (session) => {
          const { cursors } = await session.store();
          if (value === undefined) return show(await readList(cursors), options.json === true);
          if (options.remove !== true && !options.reason)
            throw new TiplineError('USAGE', '--reason is required: it is shown wherever the entry counts', {
              retryable: false,
            });
          const { type, value: canonical } = readIndicatorArgument(value, options.type);
          const now = Date.now();
          const isMeant = (entry: SharedAllowEntry): boolean => entry.type === type && entry.value === canonical;
          const changed = await changeList(cursors, now, (entries) => {
            const others = entries.filter((entry) => !isMeant(entry));
            if (options.remove === true) return entries.some(isMeant) ? others : undefined;
            const until =
              options.until === undefined ? null : new Date(now + readDuration('--until', options.until)).toISOString();
            return [
              ...others,
              { type, value: canonical, reason: options.reason ?? '', until, added_at: new Date(now).toISOString() },
            ];
          });
          if (!changed) {
            process.stderr.write(`${type} ${canonical} is not on the shared allow list; tipline allow shows it\n`);
            return EXIT.failed;
          }
          const remove = options.remove === true;
          const taken = await isTakenUp(session, cursors, `${type} ${canonical}`, !remove);
          process.stdout.write(`${remove ? 'removed' : 'allowed'}: ${type} ${canonical}; ${TAKEN_WORDS[taken]}\n`);
          return EXIT.ok;
        }),
      );
    });
}

type Taken = 'taken' | 'waits' | 'nobody';

const TAKEN_WORDS: Readonly<Record<Taken, string>> = {
  taken: 'enrichment has taken it up',
  waits: 'stored, but no enrichment has taken it up yet: tipline status tells whether one runs and what it waits for',
  nobody: 'stored; enrichment does not run now, and takes it up when it starts',
};

const PATIENCE_MS = 8_000;
const LOOK_EVERY_MS = 200;

/** Whether an enricher has acted on the change; waits for it a little where one may run. */
async function isTakenUp({ settings }: Session, cursors: Cursors, key: string, listed: boolean): Promise<Taken> {
  if (settings.config.store.kind === 'embedded' && !isDataFolderHeld(settings.data)) return 'nobody';
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const applied = await cursors.get(ALLOW_LIST_APPLIED);
    const keys = Array.isArray(applied?.value) ? applied.value : [];
    if (keys.includes(key) === listed) return 'taken';
    if (performance.now() > deadline) return 'waits';
    await sleep(LOOK_EVERY_MS);
  }
}

async function readList(cursors: Cursors): Promise<SharedAllowEntry[]> {
  const stored = await cursors.get(SHARED_ALLOW_LIST);
  return Array.isArray(stored?.value) ? (stored.value as SharedAllowEntry[]) : [];
}

/**
 * Changes the list by compare-and-set: two operators at once both get their entry. Entries that ran out go at the same time.
 * False when `change` answered with undefined: there is nothing to change.
 */
async function changeList(
  cursors: Cursors,
  now: number,
  change: (entries: SharedAllowEntry[]) => SharedAllowEntry[] | undefined,
): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const stored = await cursors.get(SHARED_ALLOW_LIST);
    const entries = Array.isArray(stored?.value) ? (stored.value as SharedAllowEntry[]) : [];
    const changed = change(entries)?.filter(({ until }) => until === null || Date.parse(until) > now);
    if (changed === undefined) return false;
    if ((await cursors.put(SHARED_ALLOW_LIST, changed, stored?.version ?? null)) !== undefined) return true;
  }
  throw new TiplineError('ALLOW_BUSY', 'The allow list is being changed by others; try again.', { retryable: true });
}

function show(entries: readonly SharedAllowEntry[], json: boolean): number {
  if (json) process.stdout.write(jsonLine(entries));
  else if (entries.length === 0)
    process.stdout.write('The shared allow list is empty; files are named under enrich.allow.\n');
  else {
    process.stdout.write(
      `${table(
        ['TYPE', 'VALUE', 'UNTIL', 'REASON'],
        entries.map((entry) => [entry.type, entry.value, entry.until ?? 'for good', entry.reason]),
      )}\n`,
    );
  }
  return EXIT.ok;
}
