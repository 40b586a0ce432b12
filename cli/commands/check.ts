import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { TOPICS } from '../../core/contract/topics.ts';
import { readSeverityFile } from '../../core/process/config/severity-file.ts';
import { codeOf, messageOf, TiplineError } from '../../core/process/errors.ts';
import { tryFolder } from '../../core/process/private-files.ts';
import { openGeoLookup } from '../../enrich/geo/lookup.ts';
import { readAllowLines } from '../../enrich/lists/entry.ts';
import { findListFiles, readListFiles } from '../../enrich/lists/warning/folders.ts';
import { checkFeed } from '../../ingest/check.ts';
import { createFetcher } from '../../ingest/fetch/fetcher.ts';
import { unusable } from '../../ingest/usability.ts';
import { textOf } from '../../responder/guard.ts';
import { GUARD_OWN } from '../../responder/never-block.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { createJudge, refusedOf } from '../judge.ts';
import { expiredOf, lifetimeLookUp } from '../lifetimes.ts';
import { openChannel } from '../run/channel.ts';
import { geoFilesOf } from '../run/geo-files.ts';
import { createPeers } from '../run/peers.ts';
import { hostReader, neverBlockEntries } from '../run/responder.ts';
import { askSession, type CommonOptions, type Session } from '../session.ts';
import type { Settings } from '../settings.ts';
import { severityRulesPath } from '../severity-rules.ts';
import { printable } from '../table.ts';
import { warningListFolders } from '../warning-lists.ts';
import { whoMayBlock } from '../who-may-block.ts';

const MOST_PROBLEMS = 10;

interface CheckOptions extends CommonOptions {
  feeds: boolean;
}

interface Finding {
  what: string;
  ok: boolean;
  detail: string;
}

export function addCheck(program: Command, finish: Finish): void {
  program
    .command('check')
    .description('check the configuration, every connection, and one page of each feed; publishes nothing')
    .option('--no-feeds', 'do not fetch feeds')
    .option('--json', 'one finding a line')
    .addHelpText(
      'after',
      '\nExample:\n  tipline check --config /etc/tipline/tipline.yaml\n\nExit code 0 when all is well, 1 when something failed, 2 when the configuration is wrong.',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CheckOptions>();
      finish(
        await askSession(options, async (session) => {
          let allWell = true;
          for await (const finding of findings(session, options.feeds)) {
            allWell &&= finding.ok;
            process.stdout.write(
              options.json === true
                ? jsonLine(finding)
                : `${finding.ok ? 'ok    ' : 'FAILED'}  ${finding.what}: ${printable(finding.detail, 600)}\n`,
            );
          }
          return allWell ? EXIT.ok : EXIT.failed;
        }),
      );
    });
}

async function* findings(session: Session, withFeeds: boolean): AsyncGenerator<Finding> {
  const { settings, context } = session;
  yield { what: 'configuration', ok: true, detail: `${settings.file}, ${settings.feeds.length} feeds` };
  yield await tried('data folder', async () => {
    tryFolder(settings.data);
    return existsSync(settings.data) ? settings.data : `${settings.data}, to be made`;
  });
  yield await tried('severity rules', async () => {
    const path = severityRulesPath(settings);
    return `${Object.keys(readSeverityFile(path).words).length} words in ${path}`;
  });
  yield await tried('GeoIP', async () => (await openGeoLookup(geoFilesOf(settings), context.log)).description);
  yield await tried('never-block lists', async () => `${neverBlockEntries(settings).length} entries`);
  yield await tried('allow lists', async () => readAllowFiles(settings.config.enrich.allow));
  yield await tried('warning lists', () => readWarningFolders(settings));
  yield await tried('bus', async () => {
    const bus = await session.bus();
    await bus.check();
    const missing = await bus.missingTopics(Object.values(TOPICS));
    return `${bus.description}${missing.length === 0 ? '' : `; topics to be created: ${missing.join(', ')}`}`;
  });
  yield await tried('store', async () => {
    const store = await session.store();
    try {
      await store.check();
      return store.indicators.description;
    } catch (error) {
      // like missing topics: tipline run makes them
      if (codeOf(error) === 'STORE_NOT_SET_UP') return `${store.indicators.description}; indices to be created`;
      throw error;
    }
  });
  yield await tried('indices of others', async () => {
    const strangers = await (await session.store()).strangers();
    const [first] = strangers.filter(({ hinders }) => hinders);
    if (first !== undefined) throw new TiplineError('STORE_FOREIGN_INDEX', first.message, { retryable: false });
    return strangers.map(({ message }) => message).join('; ') || 'none where tipline has its own';
  });
  yield await tried('mail', async () => {
    const channel = openChannel(settings);
    try {
      const failure = await channel.verify();
      if (failure !== undefined) throw new Error(failure.message);
      return channel.description;
    } finally {
      await channel.close();
    }
  });
  yield { what: 'who may block', ok: true, detail: whoMayBlock(settings.feeds) };
  yield* spared(session);
  if (!withFeeds) return;
  const fetcher = createFetcher();
  const judge = createJudge(settings.config.retention.history);
  const lifetimeOf = lifetimeLookUp(settings.config.enrich.lifetimes);
  try {
    for (const feed of settings.feeds) {
      yield await tried(`feed ${feed.settings.name}`, async () => {
        const { name } = feed.settings;
        const { fetched, read, records, expired, usability } = await checkFeed(feed, {
          fetcher,
          judge,
          lifetimeOf,
          log: context.log,
        });
        if (!fetched) return 'listens; nothing to fetch';
        const complaint = usability === undefined ? undefined : unusable(usability, name);
        if (complaint !== undefined) throw new TiplineError('FEED_UNUSABLE', complaint, { retryable: false });
        const refused = usability === undefined ? '' : refusedOf(usability);
        const first = records[0];
        return `${read} records on its first page${refused}${expiredOf(expired)}${first === undefined ? '' : `; first: ${String(first.indicator)}`}`;
      });
    }
  } finally {
    await fetcher.close();
  }
}

/** What the responder would never block on this machine, one finding a reason. */
async function* spared({ settings, bus }: Session): AsyncGenerator<Finding> {
  const peers = createPeers(settings);
  await bus().then(peers.learnFrom, () => undefined);
  const found = await hostReader(settings, peers)();
  const own = neverBlockEntries(settings).filter(({ code }) => code === GUARD_OWN);
  const byReason = Map.groupBy([...own, ...found], ({ reason }) => reason);
  for (const [reason, entries] of byReason) {
    const addresses = [...new Set(entries.map(({ prefix }) => textOf(prefix)))];
    yield { what: 'never blocked', ok: true, detail: `${reason}: ${addresses.join(', ')}` };
  }
}

function readAllowFiles(files: readonly string[]): string {
  const read = files.map((file) => readAllowLines(readFileSync(file, 'utf8'), file));
  const problems = read.flatMap((list) => list.problems);
  if (problems.length > 0) throw new TiplineError('ALLOW_LINES', problems.join('; '), { retryable: false });
  return `${read.reduce((sum, { entries }) => sum + entries.length, 0)} entries in ${files.length} files`;
}

async function readWarningFolders(settings: Settings): Promise<string> {
  const files = await findListFiles(warningListFolders(settings));
  const { sorted, problems } = await readListFiles(files, settings.config.enrich.warning_lists);
  if (problems.length > 0) {
    const more = problems.length > MOST_PROBLEMS ? `; and ${problems.length - MOST_PROBLEMS} more` : '';
    const told = problems.slice(0, MOST_PROBLEMS).join('; ');
    throw new TiplineError('WARNING_LISTS', `${told}${more} (the rest counts)`, { retryable: false });
  }
  return `${sorted.count} entries in ${sorted.lists.length} lists`;
}

async function tried(what: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { what, ok: true, detail: await look() };
  } catch (error) {
    return { what, ok: false, detail: messageOf(error) };
  }
}
