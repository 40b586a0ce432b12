import type { Command } from 'commander';
import { TiplineError } from '../../core/process/errors.ts';
import { type BlockRow, isActive } from '../../responder/ledger/block-row.ts';
import { isLedgerHeld } from '../../responder/ledger/hold-ledger.ts';
import { type Ledger, ledgerPath } from '../../responder/ledger/ledger.ts';
import { listBlocks, requestUnblock } from '../../responder/ledger/requests.ts';
import { readDuration } from '../duration-option.ts';
import { EXIT, type Finish } from '../finish.ts';
import { readIndicatorArgument } from '../indicator-argument.ts';
import { jsonLine } from '../json-line.ts';
import { openExistingLedger } from '../ledger.ts';
import { askSession, type CommonOptions, type Session, withSession } from '../session.ts';
import { table } from '../table.ts';

interface BlocksOptions extends CommonOptions {
  all?: boolean;
  limit: string;
  reason?: string;
  hold?: string;
}

export function addBlocks(program: Command, finish: Finish): void {
  program
    .command('blocks')
    .description('what this responder blocks, or would block in dry-run')
    .argument('[value]', 'only what overlaps this address or CIDR')
    .option('--all', 'also what waits, was refused or lifted')
    .option('--limit <n>', 'at most that many', '100')
    .option('--json', 'one block a line')
    .addHelpText('after', '\nExamples:\n  tipline blocks\n  tipline blocks 203.0.113.0/24 --all')
    .action(async (value: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<BlocksOptions>();
      finish(
        await askSession(options, async (session) => withLedger(session, (ledger) => show(ledger, value, options))),
      );
    });
}

export function addUnblock(program: Command, finish: Finish): void {
  program
    .command('unblock')
    .description('lift a block now and keep it lifted for a while')
    .argument('<value>', 'address or CIDR')
    .option('--reason <text>', 'why; stands in the action', 'lifted by an operator')
    .option('--hold <duration>', 'for how long it must not be blocked again; default: responder.hold')
    .option('--json', 'the answer as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  tipline unblock 203.0.113.7 --reason "customer called" --hold 72h\n\nTo spare an address for good use tipline allow.',
    )
    .action(async (value: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<BlocksOptions>();
      finish(
        await withSession(options, async (session) =>
          withLedger(session, (ledger) => {
            const { responder } = session.settings.config;
            const hold = options.hold === undefined ? responder.hold : readDuration('--hold', options.hold);
            const answer = requestUnblock(
              ledger,
              readIndicatorArgument(value).value,
              { reason: options.reason ?? '', hold },
              Date.now(),
            );
            if (options.json === true)
              process.stdout.write(jsonLine({ ...answer, holdUntil: new Date(answer.holdUntil).toISOString() }));
            else {
              const running = isLedgerHeld(ledger.path);
              const what =
                answer.kind === 'held'
                  ? `${answer.value} was not blocked`
                  : `${answer.value} is lifted ${running ? 'within about a second' : 'at the next start of the responder, which is not running'}`;
              process.stdout.write(`${what}; not blocked again before ${new Date(answer.holdUntil).toISOString()}\n`);
              if (answer.coveredBy.length > 0)
                process.stdout.write(`it stays blocked by ${answer.coveredBy.join(', ')}: unblock that too\n`);
            }
            return EXIT.ok;
          }),
        ),
      );
    });
}

async function withLedger(session: Session, work: (ledger: Ledger) => number): Promise<number> {
  const ledger = openExistingLedger(session.settings);
  if (ledger === undefined) {
    const path = ledgerPath(session.settings.data, session.settings.responderName);
    throw new TiplineError(
      'LEDGER_MISSING',
      `No responder named ${session.settings.responderName} has run here: ${path} does not exist. Set responder.name, or start tipline run responder.`,
      { retryable: false },
    );
  }
  try {
    return work(ledger);
  } finally {
    ledger.close();
  }
}

function show(ledger: Ledger, value: string | undefined, options: BlocksOptions): number {
  const limit = Number(options.limit) || 100;
  const rows = listBlocks(ledger, {
    limit: 1_000_000,
    ...(value === undefined ? {} : { value: readIndicatorArgument(value).value }),
  });
  const wanted = options.all === true ? rows : rows.filter((row) => isActive(row.state));
  const shown = wanted.slice(0, limit);
  if (options.json === true) for (const row of shown) process.stdout.write(jsonLine(jsonOf(row)));
  else if (shown.length === 0) process.stdout.write('no blocks\n');
  else
    process.stdout.write(
      `${table(['VALUE', 'STATE', 'UNTIL', 'SCORE', 'FEED', 'SOURCE', 'WHY'], shown.map(cellsOf))}\n`,
    );
  if (shown.length < wanted.length) process.stderr.write(`${shown.length} of ${wanted.length}; --limit shows more\n`);
  return EXIT.ok;
}

function cellsOf(row: BlockRow): (string | number)[] {
  const until = row.state === 'released' && row.holdUntil > 0 ? `held to ${iso(row.holdUntil)}` : iso(row.until);
  return [row.value, row.state, until, row.score, row.feed ?? '', row.source, row.reason];
}

function jsonOf(row: BlockRow) {
  return {
    value: row.value,
    type: row.type,
    indicator: row.indicator,
    state: row.state,
    until: iso(row.until),
    score: row.score,
    feed: row.feed,
    source: row.source,
    ref: row.ref,
    reason: row.reason,
    code: row.code,
    covered_by: row.coveredBy,
    hold_until: row.holdUntil > 0 ? iso(row.holdUntil) : null,
    life: row.life,
    revision: row.revision,
  };
}

function iso(ms: number): string {
  return ms > 0 ? new Date(ms).toISOString() : '';
}
