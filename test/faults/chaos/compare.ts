import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { type EnrichedDocument, isLater, type Moment, momentOf } from '../../../core/contract/enriched-document.ts';
import { TOPICS } from '../../../core/contract/topics.ts';
import type { Lab } from '../../e2e/lab.ts';
import type { Expected, ExpectedState } from './model.ts';

/** What differs from what must stand, in words; empty when all is equal. At most a few of each kind. */
export async function differences(lab: Lab, expected: Expected): Promise<string[]> {
  await lab.ask('POST', 'threat_*/_refresh');
  const current = await currentDocuments(lab);
  const found: string[] = [];
  const differ = (kind: string, each: readonly string[]): void => {
    if (each.length > 0) found.push(`${kind}: ${each.length}, ${each.slice(0, 3).join('; ')}`);
  };

  const wrong: string[] = [];
  for (const [indicator, state] of expected.states) {
    const document = current.get(indicator);
    const told = document === undefined ? undefined : stateIn(document);
    const { blocked: _, ...must } = state;
    if (JSON.stringify(told) !== JSON.stringify(must))
      wrong.push(`${indicator} is ${JSON.stringify(told)}, not ${JSON.stringify(must)}`);
  }
  differ('states', wrong);

  const listed = [...current].filter(([value]) => value.startsWith('45.131.'));
  const active = new Set(listed.filter(([, { tipline }]) => tipline.status === 'active').map(([value]) => value));
  differ('listed and not active', without(expected.listed, active));
  differ('active and not listed', without(active, expected.listed));

  for (const [sender, source] of [
    ['vetted', 'vetted'],
    ['push', 'push/partner'],
  ] as const) {
    const count = await lab.count('threat_intel-*', { term: { 'event.provider': source } });
    if (count !== expected.history[sender])
      found.push(`history of ${source}: ${count} documents for ${expected.history[sender]} statements`);
  }

  const standing = await standingBlocks(lab);
  const must = new Set(expected.listed);
  const may = new Set(expected.listed);
  for (const [indicator, { blocked }] of expected.states) {
    if (blocked === 'yes') must.add(indicator);
    if (blocked !== 'no') may.add(indicator);
  }
  differ('not blocked', without(must, standing));
  differ('blocked', without(standing, may));

  const mailed = await mailedOften(lab);
  const wronglyMailed = expected.loud
    .map(({ indicator, most }) => ({ indicator, most, often: mailed.get(indicator) ?? 0 }))
    .filter(({ most, often }) => often < 1 || often > most);
  const outbox = await outboxOf(
    lab,
    wronglyMailed.slice(0, 3).map(({ indicator }) => current.get(indicator)?.tipline.id ?? ''),
  );
  differ(
    'alerts of what is always loud',
    wronglyMailed.map(({ indicator, often }) => `${indicator} ${often} times`),
  );
  if (outbox !== '') found.push(`outbox: ${outbox}`);
  differ(
    'alerts of what is never loud',
    expected.quiet.filter((each) => mailed.has(each)),
  );

  const letters = new Set<string>();
  for await (const { value } of lab.bus.scan(TOPICS.deadLetters))
    letters.add(refusedIndicator((JSON.parse(value.toString()) as { payload: string }).payload));
  differ('dead letters that are missing', without(expected.broken, letters));
  differ('dead letters that should not be', without(letters, expected.broken));

  const told = await toldLast(lab);
  differ(
    'on the topic otherwise than in the store',
    [...current.values()]
      .map(({ tipline }) => tipline)
      .filter((tipline) => JSON.stringify(told.get(tipline.value)) !== JSON.stringify(momentOf(tipline)))
      .map(({ value }) => value),
  );
  return found;
}

function without(all: ReadonlySet<string>, some: ReadonlySet<string>): string[] {
  return [...all].filter((each) => !some.has(each));
}

function refusedIndicator(payload: string): string {
  return (JSON.parse(payload) as { indicator: string }).indicator;
}

function stateIn({ tipline }: EnrichedDocument): Omit<ExpectedState, 'blocked'> {
  const { status, threat_score: score, claims } = tipline;
  return {
    status: status === 'active' ? 'active' : status === 'revoked' ? 'revoked' : (`${status}!` as 'revoked'),
    score,
    claims: claims
      .map(({ feed, revoked, confidence, severity }) =>
        revoked === true ? `${feed} revoked` : `${feed} ${confidence}/${severity}`,
      )
      .sort(),
  };
}

async function currentDocuments(lab: Lab): Promise<Map<string, EnrichedDocument>> {
  const { hits } = await lab.ask<{ hits: { hits: { _source: EnrichedDocument }[] } }>(
    'POST',
    'threat_intel_current/_search',
    { size: 10_000 },
  );
  return new Map(hits.hits.map(({ _source }) => [_source.tipline.value, _source]));
}

async function standingBlocks(lab: Lab): Promise<Set<string>> {
  const { stdout } = await lab.run(['blocks', '--json', '--limit', '100000']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Set(lines.map((line) => (JSON.parse(line) as { value: string }).value));
}

/** How often each indicator stands in a mail, read as a mail reader does: quoted-printable breaks lines anywhere, in the middle of a value too. */
async function mailedOften(lab: Lab): Promise<Map<string, number>> {
  const folder = join(lab.folder, 'data/mail');
  const often = new Map<string, number>();
  for (const file of readdirSync(folder)) {
    if (!file.endsWith('.eml')) continue;
    const { text = '' } = await simpleParser(readFileSync(join(folder, file)));
    for (const [, shown = ''] of text.matchAll(/^ *\d+\. \[\d+\] (\S+)$/gm)) {
      const value = shown.replaceAll('[.]', '.');
      often.set(value, (often.get(value) ?? 0) + 1);
    }
  }
  return often;
}

/** What the outbox has of these, and of mails that have not gone out: without it nobody can tell why an alert was not mailed. */
async function outboxOf(lab: Lab, ids: readonly string[]): Promise<string> {
  if (ids.length === 0) return '';
  const ask = async (should: readonly unknown[]): Promise<OutboxEntry[]> => {
    const { hits } = await lab.ask<{ hits: { hits: { _source: OutboxEntry }[] } }>('POST', 'tipline_outbox/_search', {
      size: 50,
      query: { bool: { should } },
    });
    return hits.hits.map(({ _source }) => _source);
  };
  const rows = await ask([{ terms: { key: ids.map((id) => `threshold:${id}`) } }]);
  const mails = await ask([{ terms: { key: rows.map(({ body }) => body.mail ?? '') } }, { term: { sent: false } }]);
  const files = readdirSync(join(lab.folder, 'data/mail')).filter((file) =>
    mails.some(({ key }) => file.includes(key)),
  );
  return [...rows, ...mails]
    .map((entry) => JSON.stringify(entry).slice(0, 3_000))
    .concat(files)
    .join('\n');
}

interface OutboxEntry {
  key: string;
  body: { mail?: string | null };
}

/** The latest moment of each indicator on `ioc.enriched`. */
async function toldLast(lab: Lab): Promise<Map<string, Moment>> {
  const last = new Map<string, Moment>();
  for await (const { value } of lab.bus.scan(TOPICS.enriched)) {
    const { tipline } = JSON.parse(value.toString()) as EnrichedDocument;
    const known = last.get(tipline.value);
    const moment = momentOf(tipline);
    if (known === undefined || isLater(moment, known)) last.set(tipline.value, moment);
  }
  return last;
}
