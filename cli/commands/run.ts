import { join } from 'node:path';
import { Argument, type Command } from 'commander';
import { messageOf, TiplineError } from '../../core/process/errors.ts';
import { createLog } from '../../core/process/log.ts';
import { killAt, noSeam } from '../../core/process/seam.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { ROLES, type Role } from '../roles.ts';
import { type Live, showInJournal, showOnTerminal } from '../run/live.ts';
import { openLogFile } from '../run/log-file.ts';
import { runProcess } from '../run/process.ts';
import { describe, summaryOf } from '../run/summary.ts';
import type { Workers } from '../run/workers.ts';
import type { CommonOptions } from '../session.ts';
import { readSettings, type Settings } from '../settings.ts';
import { feedsNamed } from './feeds.ts';

interface RunOptions extends CommonOptions {
  once?: boolean;
  feed?: string[];
}

const HELP = `
Roles: ${ROLES.join(', ')}; none named means all.

Examples:
  tipline run                          all roles, until Ctrl-C
  tipline run --once --json            read the feeds once, finish all work, print one line of JSON
  tipline run ingest --once --feed ipsum  one feed, now
  tipline run enrich alerting          two roles of a distributed set-up

Exit codes: 0 done; 1 failed, or with --once cut short by a signal; 2 wrong usage or configuration; 3 with --once when a feed failed (dead letters do not change it).`;

export function addRun(program: Command, finish: Finish): void {
  program
    .command('run')
    .description('run the pipeline: all roles, or those named')
    .addArgument(new Argument('[roles...]', 'what this process does').choices(ROLES))
    .option('--once', 'read the feeds once, finish all work, and end')
    .option('--feed <name...>', 'read these feeds alone')
    .option('--json', 'print one line with the summary at the end, nothing else')
    .addHelpText('after', HELP)
    .action(async (named: Role[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<RunOptions>();
      process.once('uncaughtException', (error) => {
        logFatal(error, options);
        process.exit(EXIT.failed);
      });
      try {
        finish(await run(named, options));
      } catch (error) {
        logFatal(error, options);
        throw error;
      }
    });
}

/** Whoever collects the log reads JSON lines: what ends the process must be among them. On a terminal the plain line behind it says the same. */
function logFatal(error: unknown, { logLevel = 'error' }: RunOptions): void {
  if (process.stderr.isTTY && error instanceof TiplineError) return;
  const stack = error instanceof Error && !(error instanceof TiplineError) ? { stack: error.stack } : {};
  createLog(logLevel).error({ error, ...stack }, `tipline ends: ${messageOf(error)}`);
}

/** Counts alone leave open whether nothing happened or nothing worked. */
function newsOf(workers: Workers, failed: number): string {
  const { read } = summaryOf(workers);
  return read > 0 || failed > 0 || workers.ingest === undefined
    ? ''
    : 'nothing new: no feed had anything that was not read before\n';
}

const NOTHING_SHOWN: Live = { running() {}, stopping() {}, end() {} };

/** What is shown meanwhile, and where the log goes: on a terminal that shows a picture into a file, else to standard error. */
function displayOf(settings: Settings, nothing: boolean): { live: Live; destination: NodeJS.WritableStream } {
  const { stdout, stderr } = process;
  if (nothing) return { live: NOTHING_SHOWN, destination: stderr };
  if (!stdout.isTTY) return { live: showInJournal(settings), destination: stderr };
  if (!stderr.isTTY) return { live: showOnTerminal(settings, undefined), destination: stderr };
  const file = openLogFile(join(settings.data, 'tipline.log'));
  return { live: showOnTerminal(settings, file), destination: file.stream };
}

async function run(named: readonly Role[], options: RunOptions): Promise<number> {
  const configured = readSettings(options.config);
  const settings =
    options.feed === undefined ? configured : { ...configured, feeds: feedsNamed(configured, options.feed) };
  const once = options.once === true;
  const quiet = options.json === true;
  const { live, destination } = displayOf(settings, quiet || once);
  const result = runProcess({
    settings,
    roles: named.length === 0 ? ROLES : ROLES.filter((role) => named.includes(role)),
    once,
    log: createLog(options.logLevel ?? settings.config.log, destination),
    // for tests that kill the process between two effects
    seam: process.env.TIPLINE_KILL_AT === undefined ? noSeam : killAt(process.env.TIPLINE_KILL_AT),
    live,
  });
  const { workers, failedFeeds, failures, cutShort } = await result.finally(() => live.end());
  if (quiet) process.stdout.write(jsonLine(summaryOf(workers)));
  else if (once) process.stdout.write(`${describe(workers)}\n${newsOf(workers, failedFeeds.length)}`);
  for (const feed of failedFeeds) process.stderr.write(`feed ${feed.name} failed: ${feed.message} (${feed.code})\n`);
  const [failure] = failures;
  if (failure !== undefined) throw failure;
  if (cutShort) {
    process.stderr.write('tipline: cut short by a signal; the next run goes on from there\n');
    return EXIT.failed;
  }
  // who was told to end has done what it was told, whatever a source does
  return once && failedFeeds.length > 0 ? EXIT.feedFailed : EXIT.ok;
}
