import type { Incoming } from '../../../bus/port.ts';
import type { EnrichedDocument } from '../../../core/contract/enriched-document.ts';
import type { GeoLookup } from '../../../enrich/geo/lookup.ts';
import { readBatch } from '../../../enrich/group.ts';
import { createAllowList } from '../../../enrich/lists/allow-list.ts';
import type { AllowEntry } from '../../../enrich/lists/entry.ts';
import type { BenignValues } from '../../../enrich/lists/warning/benign-values.ts';
import { plan } from '../../../enrich/plan.ts';
import { createSheets } from '../../../enrich/sheet.ts';
import type { StoredState } from '../../../store/port.ts';
import { plainPlanner } from '../../enrich/plain-planner.ts';

export const DAY = 86_400_000;
export const NOW = Date.parse('2026-03-01T12:00:00.000Z');

export interface Rendered {
  current: EnrichedDocument[];
  history: unknown[];
  refused: string[];
}

/** The pure middle of the enricher, with a memory in place of the store: what it renders of records that come one after the other. */
export function openEnriching(
  options: {
    geo?: GeoLookup;
    allow?: readonly AllowEntry[];
    benign?: BenignValues;
    exceptFeeds?: ReadonlySet<string>;
  } = {},
) {
  const states = new Map<string, StoredState>();
  const sheet = createSheets().take();
  let offset = 0;

  return {
    /** Texts and bytes are taken as they are, all else as JSON. */
    take(records: readonly unknown[], now = NOW): Rendered {
      const { allow = [], ...others } = options;
      const planner = plainPlanner({ allowed: createAllowList(allow, now), ...others });
      const incoming = records.map((record): Incoming => {
        const value = Buffer.isBuffer(record) || typeof record === 'string' ? record : JSON.stringify(record);
        return { key: null, value: Buffer.from(value), offset: offset++, timestamp: now, headers: {} };
      });
      const batch = {
        topic: 'ioc.raw',
        partition: 0,
        records: incoming,
        heartbeat: async () => {},
        signal: new AbortController().signal,
      };
      const { groups, refused } = readBatch(
        batch,
        { earliest: 0, latest: Number.MAX_SAFE_INTEGER, headersSince: 0 },
        () => false,
      );
      const rendered: Rendered = { current: [], history: [], refused: refused.map(({ outcome }) => outcome.code) };
      for (const group of groups.values()) {
        const planned = plan(group, states.get(group.id), planner, sheet, now);
        if (planned.kind === 'nothing') continue;
        const document = JSON.parse(planned.current.toString()) as EnrichedDocument;
        rendered.current.push(document);
        for (const { document: bytes } of [...(planned.early?.history ?? []), ...planned.write.history])
          rendered.history.push(JSON.parse(bytes.toString()));
        states.set(group.id, {
          tipline: document.tipline,
          changedAt: document['@timestamp'],
          firstSeen: document.threat.indicator.first_seen ?? '',
          action: document.event.action,
          provider: document.event.provider,
        });
      }
      return rendered;
    },
    /** The records of the last call once more, as after a crash. */
    rewind(records: number): void {
      offset -= records;
    },
  };
}
