import type { Command } from 'commander';
import { TiplineError } from '../../core/process/errors.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { ensureTopics } from '../ports.ts';
import { type CommonOptions, withSession } from '../session.ts';

interface SetupOptions extends CommonOptions {
  beside?: boolean;
}

export function addSetup(program: Command, finish: Finish): void {
  program
    .command('setup')
    .description('create the topics, index templates and indices that are missing; changes nothing that exists')
    .option('--beside', 'history takes names of its own: for a cluster where others make indices under the usual ones')
    .option('--json', 'what was created, as JSON')
    .addHelpText('after', '\nExample:\n  tipline setup --config /etc/tipline/tipline.yaml')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SetupOptions>();
      finish(
        await withSession(options, async (session) => {
          const beside = options.beside === true;
          if (beside && session.settings.config.store.kind === 'embedded') {
            throw new TiplineError(
              'USAGE',
              '--beside is for Elasticsearch: nobody else has a place in the embedded store',
              {
                retryable: false,
              },
            );
          }
          const topics = await ensureTopics(await session.bus(), session.settings, true);
          const store = await session.store();
          const indices = await store.setup({ beside });
          for (const { message } of await store.strangers()) process.stderr.write(`tipline: ${message}\n`);
          const advice = await store.advice();
          if (options.json === true) process.stdout.write(jsonLine({ topics, store: indices, advice }));
          else {
            process.stdout.write(`topics created: ${topics.join(', ') || 'none, all exist'}\n`);
            process.stdout.write(`store: ${indices.join(', ') || 'nothing new, all exists'}\n`);
            for (const each of advice) process.stdout.write(`hint: ${each}\n`);
          }
          return EXIT.ok;
        }),
      );
    });
}
