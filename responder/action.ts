import { hash } from 'node:crypto';
import type { Action } from '../core/contract/action.ts';
import type { BlockRow } from './ledger/block-row.ts';

export interface ActionContext {
  /** The responder's name. */
  readonly actor: string;
  /** False in dry-run: what is done is only planned. */
  readonly enforces: boolean;
  readonly now: number;
}

/**
 * The action that tells of a row's new state. Its id follows from responder, indicator, life, revision, verb and outcome, so a
 * repeat after a crash is the same action, while a block that was first planned and later made is two.
 */
export function actionOf(verb: 'block' | 'unblock' | 'refuse', row: BlockRow, context: ActionContext): Action {
  const outcome = verb === 'refuse' ? 'refused' : context.enforces ? 'done' : 'planned';
  const what = verb === 'refuse' ? (row.code ?? '') : outcome;
  // actions of life 0 keep the ids that they had before lives were told
  const moment = row.life === 0 ? row.revision : `${row.life}.${row.revision}`;
  const id = hash('sha256', [context.actor, row.indicator, moment, verb, what].join('\0'), 'hex').slice(0, 40);
  return {
    schema: 1,
    id,
    '@timestamp': new Date(context.now).toISOString(),
    verb,
    outcome,
    actor: context.actor,
    reason: `${SENTENCES[verb][context.enforces ? 'done' : 'planned'](row)}: ${row.reason}`,
    ...(row.code === null ? {} : { code: row.code }),
    indicator: { id: row.indicator, type: row.type, value: row.value },
    revision: row.revision,
    threat_score: row.score,
    ...(row.source === '' ? {} : { source: row.source }),
    ...(verb === 'block' ? { until: new Date(row.until).toISOString() } : {}),
  };
}

type Sentence = (row: BlockRow) => string;

const SENTENCES: Readonly<Record<'block' | 'unblock' | 'refuse', Readonly<Record<'done' | 'planned', Sentence>>>> = {
  block: { done: ({ value }) => `blocked ${value}`, planned: ({ value }) => `would block ${value}` },
  unblock: { done: ({ value }) => `unblocked ${value}`, planned: ({ value }) => `would unblock ${value}` },
  refuse: { done: ({ value }) => `did not block ${value}`, planned: ({ value }) => `would not block ${value}` },
};
