import type { Command } from 'commander';
import { TiplineError } from '../../core/process/errors.ts';
import { checkFeed } from '../../ingest/check.ts';
import { type FeedState, NEW_FEED, readFeedStates } from '../../ingest/feed-state.ts';
import { createFetcher } from '../../ingest/fetch/fetcher.ts';
import { releaseFeed } from '../../ingest/snapshot/release.ts';
import { unusable } from '../../ingest/usability.ts';
import { type FeedLine, feedTable } from '../feed-table.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { createJudge, refusedOf } from '../judge.ts';
import { expiredOf, lifetimeLookUp } from '../lifetimes.ts';
import { askSession, type CommonOptions, type Session, withSession } from '../session.ts';
import type { Settings } from '../settings.ts';
import { printable, table } from '../table.ts';

export function addFeeds(program: Command, finish: Finish): void {
  const feeds = program
    .command('feeds')
    .description('the configured feeds: state, last good reading, next one, errors')
    .option('--json', 'one feed a line')
    .addHelpText(
      'after',
      '\nExamples:\n  tipline feeds                        how every feed does\n  tipline feeds test urlhaus --show 5  one page of a feed as it would be published; publishes nothing\n  tipline feeds release ipsum          publish the list that was held back',
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      finish(await askSession(options, (session) => list(session, options.json === true)));
    });
  feeds
    .command('test')
    .argument('<name>', 'a feed of the configuration')
    .description('fetch one page of a feed and show what would be published; publishes nothing')
    .option('--show <count>', 'how many records', '20')
    .option('--json', 'one record a line')
    .action(async (name: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { show: string }>();
      finish(await askSession(options, (session) => test(session, name, options)));
    });
  feeds
    .command('release')
    .argument('<name>', 'a feed of the configuration')
    .description('let the next reading publish a list that was held back, if it is still like it')
    .action(async (name: string, _options: unknown, command: Command) => {
      finish(await withSession(command.optsWithGlobals<CommonOptions>(), (session) => release(session, name)));
    });
}

async function release({ settings, store: open }: Session, name: string): Promise<number> {
  feedsNamed(settings, [name]);
  const { records, reason } = await releaseFeed((await open()).cursors, name);
  process.stderr.write(
    `${printable(reason, 400)}\nreleased: ${records} records are published with the next reading; a running ingest reads within half a minute\n`,
  );
  return EXIT.ok;
}

/** The feeds of that name. Throws USAGE when there is none. */
export function feedsNamed(settings: Settings, names: readonly string[]): Settings['feeds'] {
  return names.map((name) => {
    const feed = settings.feeds.find((each) => each.settings.name === name);
    if (feed !== undefined) return feed;
    const known = settings.feeds.map((each) => each.settings.name).join(', ');
    throw new TiplineError('USAGE', `no feed is named "${printable(name, 60)}"; there are ${known || 'none'}`, {
      retryable: false,
    });
  });
}

async function list({ settings, store: open }: Session, json: boolean): Promise<number> {
  const store = await open();
  const states = await readFeedStates(store.cursors);
  const now = Date.now();
  const lines = settings.feeds.map(({ settings: { name, type, enabled } }) =>
    lineOf(name, type, enabled, states.get(name) ?? NEW_FEED, now),
  );
  if (json) process.stdout.write(lines.map(jsonLine).join(''));
  else if (lines.length === 0) process.stdout.write('no feeds are configured\n');
  else process.stdout.write(`${feedTable(lines)}\n`);
  return EXIT.ok;
}

function lineOf(name: string, type: string, enabled: boolean, state: FeedState, now: number): FeedLine {
  const { lastOk, nextAt, notBefore, failures, lastError, records, expired, quarantine, owner } = state;
  const next = Math.max(nextAt, notBefore);
  return {
    name,
    type,
    state: stateOf(enabled, state, now),
    last_ok: lastOk > 0 ? new Date(lastOk).toISOString() : null,
    next: enabled && next > now ? new Date(next).toISOString() : null,
    records,
    expired,
    failures,
    last_error: lastError,
    quarantine:
      quarantine === null
        ? null
        : {
            since: new Date(quarantine.since).toISOString(),
            reason: quarantine.reason,
            records: quarantine.records,
          },
    read_by: owner === '' ? null : owner,
  };
}

function stateOf(
  enabled: boolean,
  { lastOk, notBefore, failures, quarantine, lastError }: FeedState,
  now: number,
): FeedLine['state'] {
  if (!enabled) return 'off';
  if (quarantine !== null) return 'held';
  if (notBefore > now) return 'waiting';
  if (failures > 0) return 'failing';
  if (lastError !== null) return 'useless';
  return lastOk > 0 ? 'ok' : 'new';
}

async function test(
  { settings, context }: Session,
  name: string,
  { show, json }: CommonOptions & { show: string },
): Promise<number> {
  const most = Number(show);
  if (!Number.isInteger(most) || most < 0) {
    throw new TiplineError('USAGE', '--show must be a whole number', { retryable: false });
  }
  const [feed] = feedsNamed(settings, [name]);
  if (feed === undefined) return EXIT.usage;
  const fetcher = createFetcher();
  try {
    const judge = createJudge(settings.config.retention.history);
    const lifetimeOf = lifetimeLookUp(settings.config.enrich.lifetimes);
    const check = await checkFeed(feed, { fetcher, judge, lifetimeOf, log: context.log, show: most });
    if (json === true) process.stdout.write(check.records.map(jsonLine).join(''));
    else if (check.records.length > 0) {
      const rows = check.records.map((record) => [
        String(record.indicator),
        record.type ?? '',
        record.confidence ?? '',
        record.severity ?? '',
        record.timestamp ?? record.last_seen ?? '',
        (record.tags ?? []).join(' '),
      ]);
      process.stdout.write(`${table(['INDICATOR', 'TYPE', 'CONFIDENCE', 'SEVERITY', 'TIME', 'TAGS'], rows)}\n`);
    }
    process.stderr.write(`${summary(check)}\n`);
    const complaint = check.usability === undefined ? undefined : unusable(check.usability, name);
    if (complaint === undefined) return EXIT.ok;
    process.stderr.write(`${printable(complaint, 600)}\n`);
    return EXIT.failed;
  } finally {
    await fetcher.close();
  }
}

function summary({
  fetched,
  read,
  unreadable,
  notAdmitted,
  expired,
  leftOut,
  usability,
}: Awaited<ReturnType<typeof checkFeed>>): string {
  if (!fetched) return 'the feed listens; there is nothing to fetch';
  const parts = [`${read} records on the first page`];
  if (notAdmitted > 0) parts.push(`${notAdmitted} left out by its rules`);
  if (unreadable > 0) parts.push(`${unreadable} no JSON objects`);
  if (leftOut.skipped > 0) parts.push(`${leftOut.skipped} could not be used (${leftOut.firstSkipped ?? ''})`);
  if (leftOut.tooLong > 0) parts.push(`${leftOut.tooLong} too long`);
  const refused = usability === undefined ? '' : refusedOf(usability);
  return [`${parts.join(', ')}${refused}${expiredOf(expired)}; nothing was published`, ...leftOut.notes]
    .map((line) => printable(line, 300))
    .join('\n');
}
