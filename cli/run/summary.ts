import type { IndicatorType } from '../../core/indicator/type.ts';
import { SCORE_BANDS } from '../../enrich/tally.ts';
import { table } from '../table.ts';
import type { Workers } from './workers.ts';

/** What this run did, under the names that --json promises; every key is always there. */
export interface Summary {
  read: number;
  published: number;
  /** Of them, those that were over when they were read. */
  expired_on_arrival: number;
  /** Documents written by this run. */
  history: number;
  current: number;
  by_type: Partial<Record<IndicatorType, number>>;
  dlq: number;
  /** Outbox rows. */
  alerts: number;
  /** Messages accepted. */
  mails: number;
  blocks: { planned: number; enforced: number; refused: number };
}

export function summaryOf({ ingest, enrich, alerting, responder }: Workers): Summary {
  const progress = ingest?.progress();
  const tally = enrich?.tally();
  const mail = alerting?.counts();
  const blocks = responder?.counts();
  return {
    read: progress?.read ?? 0,
    published: progress?.published ?? 0,
    expired_on_arrival: progress?.expired ?? 0,
    history: tally?.history ?? 0,
    current: tally?.current ?? 0,
    by_type: { ...tally?.byType },
    dlq: tally?.deadLetters ?? 0,
    alerts: mail?.alerts ?? 0,
    mails: mail?.mails ?? 0,
    blocks: { planned: blocks?.planned ?? 0, enforced: blocks?.enforced ?? 0, refused: blocks?.refused ?? 0 },
  };
}

/** What the workers did, as text for people. */
export function describe(workers: Workers): string {
  const summary = summaryOf(workers);
  const types = Object.entries(summary.by_type).sort((a, b) => b[1] - a[1]);
  const byScore = workers.enrich?.tally().byScore ?? {};
  const scores = SCORE_BANDS.flatMap((band): [string, number][] =>
    byScore[band] === undefined ? [] : [[band, byScore[band]]],
  );
  const over = summary.expired_on_arrival === 0 ? '' : ` (${count(summary.expired_on_arrival)} expired on arrival)`;
  const lines = [
    `read ${count(summary.read)}   published ${count(summary.published)}${over}   indexed ${count(summary.current)} current, ${count(summary.history)} history   dead letters ${count(summary.dlq)}`,
    `alerts ${count(summary.alerts)}   mails ${count(summary.mails)}   blocks: ${count(summary.blocks.planned)} planned, ${count(summary.blocks.enforced)} enforced, ${count(summary.blocks.refused)} refused`,
  ];
  if (types.length > 0) lines.push('', beside(table(['TYPE', 'INDEXED'], types), table(['SCORE', 'INDEXED'], scores)));
  return lines.join('\n');
}

/** Two tables next to each other. */
function beside(left: string, right: string): string {
  const lefts = left.split('\n');
  const rights = right.split('\n');
  const width = Math.max(...lefts.map((line) => line.length)) + 6;
  return Array.from({ length: Math.max(lefts.length, rights.length) }, (_, n) =>
    `${(lefts[n] ?? '').padEnd(width)}${rights[n] ?? ''}`.trimEnd(),
  ).join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en');
}
