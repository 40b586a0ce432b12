import type { Command } from 'commander';
import { TOPICS } from '../../core/contract/topics.ts';
import { type FeedState, NEW_FEED, readFeedStates } from '../../ingest/feed-state.ts';
import { EXIT, type Finish } from '../finish.ts';
import { jsonLine } from '../json-line.ts';
import { openExistingLedger } from '../ledger.ts';
import { askSession, type CommonOptions, type Session } from '../session.ts';
import { subscriptionsOf } from '../subscriptions.ts';
import { table } from '../table.ts';

interface Status {
  /** What was asked, so that nobody takes the figures of one folder for those of another. */
  asked: { configuration: string; example: boolean; bus: string; store: string; data: string; responder: string };
  feeds: Record<
    string,
    { type: string; last_ok: string | null; records: number; failures: number; last_error: FeedState['lastError'] }
  >;
  /** Records not read yet, by topic and group; null when the topic does not exist. */
  lag: { topic: string; group: string; records: number | null }[];
  indicators: { by_type: Record<string, number>; by_status: Record<string, number> };
  documents: { current: number; history: number };
  dead_letters: number;
  actions: number;
  alerts: { rows: number; pending: number; mails: number; unsent: number };
  blocks: Record<string, number>;
}

export function addStatus(program: Command, finish: Finish): void {
  program
    .command('status')
    .description('feeds, lag, indicators, documents, dead letters, alerts and blocks; makes nothing')
    .option('--json', 'as JSON')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<CommonOptions>();
      finish(
        await askSession(options, async (session) => {
          const status = await gather(session);
          process.stdout.write(options.json === true ? jsonLine(status) : describe(status));
          return EXIT.ok;
        }),
      );
    });
}

async function gather(session: Session): Promise<Status> {
  const { settings } = session;
  const bus = await session.bus();
  const store = await session.store();
  await store.indicators.refresh();
  const [summary, alerts, states] = await Promise.all([
    store.indicators.summary(),
    store.outbox.counts(),
    readFeedStates(store.cursors),
  ]);
  const missing = new Set(await bus.missingTopics(Object.values(TOPICS)));
  const lag: Status['lag'] = [];
  for (const { topic, group } of subscriptionsOf(settings))
    lag.push({ topic, group, records: missing.has(topic) ? null : await bus.lag(topic, group) });
  const { config, file, example, data, responderName } = settings;
  return {
    asked: {
      configuration: file,
      example,
      bus: bus.description,
      store: store.indicators.description,
      data,
      responder: `${responderName}, ${config.responder.mode}`,
    },
    feeds: Object.fromEntries(
      settings.feeds.map((feed) => [
        feed.settings.name,
        feedStatus(feed.settings.type, states.get(feed.settings.name) ?? NEW_FEED),
      ]),
    ),
    lag,
    indicators: { by_type: { ...summary.byType }, by_status: { ...summary.byStatus } },
    documents: { current: summary.current, history: summary.history },
    dead_letters: summary.deadLetters,
    actions: summary.actions,
    alerts,
    blocks: blocksOf(session),
  };
}

function feedStatus(type: string, state: FeedState): Status['feeds'][string] {
  return {
    type,
    last_ok: state.lastOk > 0 ? new Date(state.lastOk).toISOString() : null,
    records: state.records,
    failures: state.failures,
    last_error: state.lastError,
  };
}

function blocksOf({ settings }: Session): Record<string, number> {
  const ledger = openExistingLedger(settings);
  if (ledger === undefined) return {};
  try {
    return { ...ledger.rows.counts() };
  } finally {
    ledger.close();
  }
}

function describe(status: Status): string {
  const { asked } = status;
  const parts = [
    [
      `configuration: ${asked.example ? 'none, so the shipped example' : asked.configuration}`,
      `bus: ${asked.bus}`,
      `store: ${asked.store}`,
      `data: ${asked.data}, responder: ${asked.responder}`,
    ].join('\n'),
  ];
  if (status.lag.every(({ records }) => records === null))
    parts.push('Nothing has run with these yet: there are no topics.');
  const feeds = Object.entries(status.feeds);
  if (feeds.length > 0) {
    parts.push(
      table(
        ['FEED', 'TYPE', 'LAST OK', 'RECORDS', 'LAST ERROR'],
        feeds.map(([name, feed]) => [
          name,
          feed.type,
          feed.last_ok ?? 'never',
          feed.records,
          feed.last_error === null ? '' : `${feed.last_error.code}: ${feed.last_error.message}`,
        ]),
      ),
    );
  }
  parts.push(
    table(
      ['TOPIC', 'GROUP', 'BEHIND'],
      status.lag.map(({ topic, group, records }) => [topic, group, records ?? 'no such topic']),
    ),
  );
  const types = Object.entries(status.indicators.by_type).sort((a, b) => b[1] - a[1]);
  parts.push(types.length === 0 ? 'no indicators yet' : table(['TYPE', 'INDICATORS'], types));
  const statuses = Object.entries(status.indicators.by_status);
  if (statuses.length > 0) parts.push(table(['STATUS', 'INDICATORS'], statuses));
  parts.push(
    table(
      ['WHAT', 'COUNT'],
      [
        ['current documents', status.documents.current],
        ['history documents', status.documents.history],
        ['dead letters', status.dead_letters],
        ['actions', status.actions],
        ['alerts waiting for a mail', status.alerts.pending],
        ['mails', status.alerts.mails],
        ['mails not sent yet', status.alerts.unsent],
        ...Object.entries(status.blocks).map(([state, count]) => [`blocks ${state}`, count] as [string, number]),
      ],
    ),
  );
  return `${parts.join('\n\n')}\n`;
}
