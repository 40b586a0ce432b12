import type { Command } from 'commander';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { EXIT, type Finish } from '../finish.ts';
import { readIndicatorArgument } from '../indicator-argument.ts';
import { jsonLine } from '../json-line.ts';
import { askSession, type CommonOptions } from '../session.ts';
import { table } from '../table.ts';

interface SearchOptions extends CommonOptions {
  type?: string;
  limit: string;
}

export function addSearch(program: Command, finish: Finish): void {
  program
    .command('search')
    .description('find an indicator; for an address also the networks that hold it')
    .argument('<value>', 'address, CIDR, domain, URL, hash, …; defanged is fine')
    .option('--type <type>', 'only this type; needed when it cannot be told from the value')
    .option('--limit <n>', 'at most that many', '100')
    .option('--json', 'one whole document a line')
    .addHelpText(
      'after',
      '\nExamples:\n  tipline search 203.0.113.7\n  tipline search "hxxp://login[.]example[.]net/a" --json\n\nExit code 1 when nothing is known of it.',
    )
    .action(async (value: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SearchOptions>();
      finish(
        await askSession(options, async (session) => {
          const indicator = readIndicatorArgument(value, options.type);
          const store = await session.store();
          await store.indicators.refresh();
          const found = await store.indicators.search({
            value: indicator.value,
            limit: Number(options.limit) || 100,
            ...(options.type === undefined ? {} : { type: indicator.type }),
          });
          if (options.json === true) for (const document of found) process.stdout.write(jsonLine(document));
          else if (found.length > 0) process.stdout.write(`${foundTable(found)}\n`);
          else process.stderr.write(`nothing is known of ${indicator.type} ${indicator.value}\n`);
          return found.length > 0 ? EXIT.ok : EXIT.failed;
        }),
      );
    });
}

function foundTable(found: readonly EnrichedDocument[]): string {
  const head = ['TYPE', 'VALUE', 'SCORE', 'STATUS', 'SOURCES', 'COUNTRY', 'LAST SEEN', 'UNTIL'];
  const rows = found.map(({ tipline, threat }) => [
    tipline.type,
    tipline.value,
    tipline.threat_score,
    [
      tipline.status,
      ...(tipline.composite ? ['part of a pattern'] : []),
      ...(tipline.benign === undefined ? [] : ['benign']),
    ].join(', '),
    tipline.sources.join(', '),
    threat.indicator.geo?.country_iso_code ?? '',
    threat.indicator.last_seen ?? '',
    tipline.expires_at,
  ]);
  return table(head, rows);
}
