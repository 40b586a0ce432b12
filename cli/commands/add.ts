import type { Command } from 'commander';
import { FEED_HEADER, OPERATOR, type RawIndicator } from '../../core/contract/raw-indicator.ts';
import { parseTlp, TLP_LEVELS, type Tlp } from '../../core/contract/tlp.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { readDuration } from '../duration-option.ts';
import { EXIT, type Finish } from '../finish.ts';
import { readIndicatorArgument } from '../indicator-argument.ts';
import { type CommonOptions, withSession } from '../session.ts';

interface AddOptions extends CommonOptions {
  type?: string;
  source: string;
  feed?: string;
  confidence?: string;
  severity?: string;
  tag?: string[];
  tlp?: string;
  description?: string;
  until?: string;
}

export function addAdd(program: Command, finish: Finish): void {
  program
    .command('add')
    .description('say that something is a threat, as a feed would')
    .argument('<value>', 'address, CIDR, domain, URL, hash, …')
    .option('--type <type>', 'its type, when it cannot be told from the value')
    .option('--source <name>', 'who says so', OPERATOR)
    .option('--confidence <n>', '0 to 100', '100')
    .option('--severity <n>', '0 to 100; without it the severity rules decide')
    .option('--tag <tag...>', 'tags; the responder blocks what is tagged malicious')
    .option('--tlp <level>', 'CLEAR, GREEN, AMBER, AMBER+STRICT or RED')
    .option('--description <text>', 'why')
    .option('--until <duration>', 'for how long it counts, such as 12h or 30d')
    .addHelpText(
      'after',
      '\nExample:\n  tipline add 203.0.113.7 --severity 90 --tag malicious --until 7d --description "seen in the proxy log"',
    )
    .action(async (value: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<AddOptions>();
      finish(await publishStatement(value, options, {}));
    });
}

export function addRevoke(program: Command, finish: Finish): void {
  program
    .command('revoke')
    .description('take back what a source said; what other sources say stays')
    .argument('<value>', 'the indicator')
    .option('--type <type>', 'its type, when it cannot be told from the value')
    .option('--source <name>', 'whose statement', OPERATOR)
    .option('--feed <name>', 'the feed that took it, when that has another name than the source')
    .option('--description <text>', 'why')
    .addHelpText('after', '\nExamples:\n  tipline revoke 203.0.113.7\n  tipline revoke 203.0.113.7 --source abuseipdb')
    .action(async (value: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<AddOptions>();
      finish(await publishStatement(value, { ...options, confidence: '0' }, { revoked: true }));
    });
}

async function publishStatement(value: string, options: AddOptions, more: Partial<RawIndicator>): Promise<number> {
  return withSession(options, async (session) => {
    const indicator = readIndicatorArgument(value, options.type);
    const now = new Date();
    const raw: RawIndicator = {
      indicator: indicator.value,
      type: indicator.type,
      source: sourceName(options.source),
      timestamp: now.toISOString(),
      collected_at: now.toISOString(),
      ...more,
    };
    if (options.confidence !== undefined) raw.confidence = percent('--confidence', options.confidence);
    if (options.severity !== undefined) raw.severity = percent('--severity', options.severity);
    if (options.tag !== undefined) raw.tags = options.tag;
    if (options.tlp !== undefined) raw.tlp = tlpLevel(options.tlp);
    if (options.description !== undefined) raw.description = options.description;
    if (options.until !== undefined)
      raw.valid_until = new Date(now.getTime() + readDuration('--until', options.until)).toISOString();
    const bus = await session.bus();
    // an operator adds in his own name and takes back in that of the feed, whose claim it must replace
    const feed = more.revoked === true ? (options.feed ?? raw.source ?? OPERATOR) : OPERATOR;
    const headers = { [FEED_HEADER]: feed };
    await bus.publish(TOPICS.raw, [{ key: indicatorId(indicator), value: JSON.stringify(raw), headers }]);
    process.stdout.write(
      `${more.revoked === true ? 'revoked' : 'added'}: ${indicator.type} ${indicator.value}, source ${raw.source}\n`,
    );
    return EXIT.ok;
  });
}

function percent(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 100))
    throw new TiplineError('USAGE', `${option} must be a number from 0 to 100`, { retryable: false });
  return value;
}

function tlpLevel(text: string): Tlp {
  const level = parseTlp(text);
  if (level === undefined)
    throw new TiplineError('USAGE', `--tlp must be ${TLP_LEVELS.join(', ')}`, { retryable: false });
  return level;
}

function sourceName(text: string): string {
  const name = text.trim();
  if (name === '') throw new TiplineError('USAGE', '--source must not be empty', { retryable: false });
  return name;
}
