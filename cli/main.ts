import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { codeOf, messageOf } from '../core/process/errors.ts';
import { LOG_LEVELS } from '../core/process/log.ts';
import { addAdd, addRevoke } from './commands/add.ts';
import { addAllow } from './commands/allow.ts';
import { addBlocks, addUnblock } from './commands/blocks.ts';
import { addCheck } from './commands/check.ts';
import { addDlq } from './commands/dlq.ts';
import { addExplain } from './commands/explain.ts';
import { addFeeds } from './commands/feeds.ts';
import { addParse } from './commands/parse.ts';
import { addRebuild } from './commands/rebuild.ts';
import { addRun } from './commands/run.ts';
import { addSearch } from './commands/search.ts';
import { addSetup } from './commands/setup.ts';
import { addStatus } from './commands/status.ts';
import { EXIT } from './finish.ts';
import { shipped } from './paths.ts';

const { version } = JSON.parse(readFileSync(shipped('package.json'), 'utf8')) as { version: string };

/** Set when the work is done; the process ends by itself then, so that nothing that was written is cut off. */
const finish = (exitCode: number): void => {
  process.exitCode = exitCode;
};

// who reads the output may go away (`tipline search … | head -1`): that ends no work
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

const program = new Command('tipline')
  .description(
    'Threat-intelligence pipeline: collects indicators, scores them, indexes them, mails about the worst and blocks them.',
  )
  .version(version)
  .option('-c, --config <file>', 'configuration; else $TIPLINE_CONFIG, ./tipline.yaml, or the shipped example')
  .addOption(new Option('--log-level <level>', 'how much to log on standard error').choices(LOG_LEVELS))
  .addHelpText(
    'after',
    '\nStart with:\n  tipline run --once       the shipped example, all in one process\n  tipline search VALUE     what is known of an indicator\n  tipline COMMAND --help   examples for each command',
  )
  .showHelpAfterError('(tipline COMMAND --help shows examples)')
  .exitOverride();

for (const add of [
  addRun,
  addSetup,
  addCheck,
  addFeeds,
  addParse,
  addRebuild,
  addStatus,
  addSearch,
  addExplain,
  addAdd,
  addRevoke,
  addAllow,
  addDlq,
  addBlocks,
  addUnblock,
]) {
  add(program, finish);
}

try {
  await program.parseAsync();
} catch (error) {
  finish(report(error));
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const code = codeOf(error);
  process.stderr.write(`tipline: ${messageOf(error)}${code === 'UNKNOWN' ? '' : ` (${code})`}\n`);
  return code === 'USAGE' || code.startsWith('CONFIG_') ? EXIT.usage : EXIT.failed;
}
