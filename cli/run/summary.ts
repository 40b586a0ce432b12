import type { IndicatorType } from '../../core/indicator/type.ts';
import { table } from '../table.ts';
import type { Workers } from './workers.ts';

/** What this run did, under the names that --json promises; every key is always there. */
export interface Summary {
  read: number;
  published: number;
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
    history: tally?.history ?? 0,
    current: tally?.current ?? 0,
    by_type: { ...tally?.byType },
    dlq: tally?.deadLetters ?? 0,
    alerts: mail?.alerts ?? 0,
    mails: mail?.mails ?? 0,
    blocks: { planned: blocks?.planned ?? 0, enforced: blocks?.enforced ?? 0, refused: blocks?.refused ?? 0 },
  };
}

/** The summary as text for people. */
export function describe(summary: Summary): string {
  const types = Object.entries(summary.by_type).sort((a, b) => b[1] - a[1]);
  const lines = [
    `read ${count(summary.read)}   published ${count(summary.published)}   indexed ${count(summary.current)} current, ${count(summary.history)} history   dead letters ${count(summary.dlq)}`,
    `alerts ${count(summary.alerts)}   mails ${count(summary.mails)}   blocks: ${count(summary.blocks.planned)} planned, ${count(summary.blocks.enforced)} enforced, ${count(summary.blocks.refused)} refused`,
  ];
  if (types.length > 0) lines.push('', table(['TYPE', 'INDEXED'], types));
  return lines.join('\n');
}

function count(value: number): string {
  return value.toLocaleString('en');
}
