import type { Command } from 'commander';
import { alertableClaim, rowId } from '../../alerting/policy.ts';
import type { Action } from '../../core/contract/action.ts';
import { type EnrichedDocument, isLive, type SlimClaim } from '../../core/contract/enriched-document.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import type { Indicator } from '../../core/indicator/type.ts';
import { listBlocks } from '../../responder/ledger/requests.ts';
import { decide, type PolicyTerms, policyTerms } from '../../responder/policy.ts';
import type { OutboxRow } from '../../store/port.ts';
import { EXIT, type Finish } from '../finish.ts';
import { readIndicatorArgument } from '../indicator-argument.ts';
import { jsonLine } from '../json-line.ts';
import { openExistingLedger } from '../ledger.ts';
import { askSession, type CommonOptions, type Session } from '../session.ts';
import { printable, table } from '../table.ts';

export function addExplain(program: Command, finish: Finish): void {
  program
    .command('explain')
    .description('why an indicator scores what it scores, and why it was alerted or blocked, or not')
    .argument('<value>', 'address, CIDR, domain, URL, hash, …')
    .option('--type <type>', 'its type, when it cannot be told from the value')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  tipline explain 203.0.113.7\n\nExit code 1 when nothing is known of it.')
    .action(async (value: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions & { type?: string }>();
      finish(
        await askSession(options, async (session) =>
          explain(session, readIndicatorArgument(value, options.type), options.json === true),
        ),
      );
    });
}

interface Explanation {
  document: EnrichedDocument;
  alert: string;
  block: string;
  actions: unknown[];
}

async function explain(session: Session, indicator: Indicator, json: boolean): Promise<number> {
  const store = await session.store();
  const id = indicatorId(indicator);
  const document = await store.indicators.get(id);
  if (document === undefined) {
    const around = (await store.indicators.search({ value: indicator.value })).map(({ tipline }) => tipline.value);
    const hint = around.length > 0 ? `; it lies in ${around.join(', ')}: explain that` : '';
    process.stderr.write(`nothing is known of ${indicator.type} ${indicator.value}${hint}\n`);
    return EXIT.failed;
  }
  const row = (await store.outbox.read([rowId(id)])).get(rowId(id))?.value;
  const now = Date.now();
  const explanation: Explanation = {
    document,
    alert: explainAlert(document, row, session.settings.config.alerting.threshold, now),
    block: explainBlock(session, document, now),
    actions: await store.journal.actionsOf(id, 10),
  };
  process.stdout.write(json ? jsonLine(explanation) : describe(explanation, now));
  return EXIT.ok;
}

function explainAlert(document: EnrichedDocument, row: OutboxRow | undefined, threshold: number, now: number): string {
  const claim = alertableClaim(document, threshold, now);
  if (row?.state === 'mailed')
    return `alerted ${new Date(row.alertedAt).toISOString()}, mail ${row.mail ?? ''}${claim === undefined ? '; no longer alertable' : ''}`;
  if (row?.state === 'pending') return 'alerted: waits for the next mail';
  if (claim !== undefined) return `to be alerted: ${claim.source} scores ${claim.score}, above ${threshold}`;
  const { tipline } = document;
  if (tipline.status !== 'active')
    return `not alerted: its status is ${tipline.status}${tipline.why.allowed_by === undefined ? '' : ` (${tipline.why.allowed_by})`}`;
  if (tipline.benign !== undefined) return `not alerted: the warning list ${tipline.benign} knows it as harmless`;
  if (tipline.composite) return 'not alerted: it is only part of a compound pattern';
  return `not alerted: its best claim scores ${tipline.threat_score}, and alerts begin above ${threshold}`;
}

function explainBlock(session: Session, document: EnrichedDocument, now: number): string {
  const { tipline } = document;
  if (tipline.type !== 'ip' && tipline.type !== 'cidr')
    return `not blocked: a firewall blocks addresses, not a ${tipline.type}`;
  const ledger = openExistingLedger(session.settings);
  try {
    const rows = ledger === undefined ? [] : listBlocks(ledger, { value: tipline.value });
    const own = rows.find((row) => row.value === tipline.value);
    if (own !== undefined) {
      const until = own.until > 0 ? ` until ${new Date(own.until).toISOString()}` : '';
      const how =
        own.state === 'planned' ? 'would be blocked (dry-run)' : own.state === 'enforced' ? 'blocked' : own.state;
      return `${how}${own.state === 'refused' || own.state === 'released' ? '' : until}: ${own.reason}${own.coveredBy === null ? '' : `, covered by ${own.coveredBy}`}`;
    }
    const { responder } = session.settings.config;
    const decision = decide(document, now, policyTerms(responder));
    if (decision.kind === 'block') return `to be blocked: ${decision.reason}`;
    if (decision.kind === 'unblock') return `not blocked: ${decision.reason}`;
    const outsiders = outsidersOf(document, now, policyTerms(responder));
    if (outsiders.length > 0)
      return `not blocked: only what outsiders sent speaks for it (feed ${outsiders.join(', ')}), which blocks nothing unless that feed has may_block: true`;
    const terms = `confidence at least ${responder.min_confidence}, score at least ${responder.min_score}, seen within ${Math.round(responder.max_age / 3_600_000)} h, tagged ${responder.tags.join(' or ') || 'anything'}`;
    return `not blocked: no live claim that stands alone meets all of: ${terms}`;
  } finally {
    ledger?.close();
  }
}

/** Feeds whose claims would make a block, had outsiders not sent them. */
function outsidersOf(document: EnrichedDocument, now: number, terms: PolicyTerms): string[] {
  const claims = document.tipline.claims.flatMap(({ outside, ...claim }) => (outside === true ? [claim] : []));
  const trusted = claims.filter(
    (claim) => decide({ ...document, tipline: { ...document.tipline, claims: [claim] } }, now, terms).kind === 'block',
  );
  return [...new Set(trusted.map(({ feed, source }) => feed ?? source))];
}

function describe({ document, alert, block, actions }: Explanation, now: number): string {
  const { tipline, threat } = document;
  const { why } = tipline;
  const geo = [
    threat.indicator.geo?.city_name,
    threat.indicator.geo?.country_name ?? threat.indicator.geo?.country_iso_code,
  ]
    .filter(Boolean)
    .join(', ');
  const weights = `${why.weights.confidence} x confidence ${why.confidence} + ${why.weights.severity} x severity ${why.severity}${why.severity_derived === true ? ' (derived)' : ''}`;
  const lines = [
    `${tipline.type} ${printable(tipline.value, 300)}`,
    `status     ${tipline.status}${tipline.composite ? ', part of a compound pattern' : ''}, until ${tipline.expires_at}`,
    ...(why.allowed_by === undefined ? [] : [`allowed    ${printable(why.allowed_by, 300)}`]),
    ...(tipline.benign === undefined
      ? []
      : [`benign     the warning list ${printable(tipline.benign, 300)} knows it as harmless`]),
    `score      ${tipline.threat_score}: ${tipline.threat_score === why.score ? '' : 'nothing is live; the last was '}${weights} = ${why.score} (rounded down), by ${printable(why.source)}${why.feed === undefined || why.feed === why.source ? '' : ` of feed ${printable(why.feed)}`}${why.outside === true ? ' (outside: blocks nothing)' : ''}${why.ref === undefined ? '' : ` ${printable(why.ref)}`}`,
    `seen       first ${threat.indicator.first_seen ?? '?'}, last ${threat.indicator.last_seen ?? '?'}`,
    ...(geo === ''
      ? []
      : [
          `where      ${printable(geo)}${threat.indicator.as === undefined ? '' : `, AS${threat.indicator.as.number} ${printable(threat.indicator.as.organization?.name ?? '')}`}`,
        ]),
    `revision   ${tipline.revision}, changed ${document['@timestamp']} by ${tipline.cause}`,
    `alert      ${printable(alert, 300)}`,
    `block      ${printable(block, 300)}`,
    '',
    claimsTable(tipline.claims, now),
  ];
  if (actions.length > 0)
    lines.push('', 'actions, newest first:', ...actions.map((action) => `  ${describeAction(action)}`));
  return `${lines.join('\n')}\n`;
}

function describeAction(action: unknown): string {
  if (typeof action !== 'object' || action === null) return '';
  const { verb, outcome, actor, reason, '@timestamp': at } = action as Partial<Action>;
  return printable(`${at ?? ''}  ${verb ?? ''} ${outcome ?? ''} by ${actor ?? ''}: ${reason ?? ''}`, 300);
}

function claimsTable(claims: readonly SlimClaim[], now: number): string {
  const head = ['FEED', 'SOURCE', 'REF', 'CONF', 'SEV', 'SCORE', 'STATE', 'LAST SEEN', 'UNTIL', 'TAGS', 'RECORD'];
  const state = (claim: SlimClaim): string =>
    claim.revoked === true
      ? 'revoked'
      : isLive(claim, now)
        ? `live${claim.composite === true ? ', part' : ''}${claim.outside === true ? ', outside' : ''}`
        : claim.valid_from !== undefined && Date.parse(claim.valid_from) > now
          ? `from ${claim.valid_from}`
          : 'lapsed';
  return table(
    head,
    claims.map((claim) => [
      claim.outside === true ? `${claim.feed} (outside)` : (claim.feed ?? ''),
      claim.source,
      claim.ref ?? '',
      claim.confidence,
      claim.severity,
      claim.score,
      state(claim),
      claim.last_seen,
      claim.expires_at,
      (claim.tags ?? []).join(','),
      claim.origin,
    ]),
  );
}
