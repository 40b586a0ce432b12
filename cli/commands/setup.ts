import type { Command } from 'commander';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { ensureTopics } from '../ports.ts';
import { type CommonOptions, withSession } from '../session.ts';

export function addSetup(program: Command, finish: Finish): void {
  program
    .command('setup')
    .description('create the topics, index templates and indices that are missing; changes nothing that exists')
    .option('--json', 'what was created, as JSON')
    .addHelpText('after', '\nExample:\n  tipline setup --config /etc/tipline/tipline.yaml')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      finish(
        await withSession(options, async (session) => {
          const topics = await ensureTopics(await session.bus(), session.settings, true);
          const indices = await (await session.store()).setup();
          if (options.json === true) process.stdout.write(jsonLine({ topics, store: indices }));
          else {
            process.stdout.write(`topics created: ${topics.join(', ') || 'none, all exist'}\n`);
            process.stdout.write(`store: ${indices.join(', ') || 'nothing new, all exists'}\n`);
          }
          return EXIT.ok;
        }),
      );
    });
}
