import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Command } from 'commander';
import { INDICATOR_TYPES } from '../../core/indicator/type.ts';
import { readSeverityFile } from '../../core/process/config/severity-file.ts';
import { readHeadersSince } from '../../enrich/headers-since.ts';
import { lifetimesOf } from '../../enrich/state/policy.ts';
import { weightsOf } from '../../enrich/state/score.ts';
import { severityRules } from '../../enrich/state/severity.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { describe, rebuildCurrent } from '../rebuild/rebuild.ts';
import { type CommonOptions, type Session, withSession } from '../session.ts';
import { severityRulesPath } from '../severity-rules.ts';

const HELP = `
Makes every state anew from history and from what is still on ioc.raw, through the enrichers that run. Nothing is stopped.
A rebuild that was killed goes on where it was.

Example:
  curl -X DELETE http://127.0.0.1:9200/threat_intel_current-000001   # where it is damaged
  tipline rebuild current`;

export function addRebuild(program: Command, finish: Finish): void {
  const rebuild = program.command('rebuild').description('make again what can be made from the rest');
  rebuild
    .command('current')
    .description('make the states of all indicators (threat_intel_current) again')
    .option('--json', 'what was told, as JSON')
    .addHelpText('after', HELP)
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      finish(await withSession(options, (session) => rebuildStates(session, options.json === true)));
    });
}

async function rebuildStates({ settings, ...session }: Session, json: boolean): Promise<number> {
  const { enrich, retention } = settings.config;
  const bus = await session.bus();
  const store = await session.store();
  await store.setup();
  const now = Date.now();
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new Error('stopped by a signal; the next rebuild goes on from here'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const rebuilt = await rebuildCurrent({
    bus,
    store,
    policy: {
      weights: weightsOf(enrich.weights),
      severity: severityRules(readSeverityFile(severityRulesPath(settings))),
      lifetimes: lifetimesOf(INDICATOR_TYPES, enrich.lifetimes),
    },
    window: {
      earliest: now - retention.history,
      latest: now,
      headersSince: await readHeadersSince(store.cursors),
    },
    owner: `${hostname()}:${process.pid}:${randomBytes(4).toString('hex')}`,
    signal: stopping.signal,
    say: (progress) => process.stderr.write(`tipline: rebuild: ${progress}\n`),
  });
  if (json) process.stdout.write(jsonLine(rebuilt));
  else process.stdout.write(`told again: ${describe(rebuilt)}; the states are there when enrichment has read them\n`);
  return EXIT.ok;
}
