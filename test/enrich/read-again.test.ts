import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Batch, Incoming } from '../../bus/port.ts';
import type { EnrichedDocument } from '../../core/contract/enriched-document.ts';
import { FEED_HEADER } from '../../core/contract/raw-indicator.ts';
import { silentLog } from '../../core/process/log.ts';
import { noSeam } from '../../core/process/seam.ts';
import { enrichBatch } from '../../enrich/batch.ts';
import { createSheets } from '../../enrich/sheet.ts';
import { createSettled } from '../../enrich/state/settled.ts';
import { readState } from '../../store/elasticsearch/states.ts';
import type { IndicatorStore } from '../../store/port.ts';
import { plainPlanner } from './plain-planner.ts';

const NOW = Date.UTC(2026, 0, 15);

interface Said {
  readonly indicator: string;
  readonly source: string;
  readonly confidence: number;
  readonly revoked: boolean;
}

/** A death while the store is asked to write for the nth time in a batch; of its documents some are there, by the bits of `there`. */
interface Death {
  readonly atWrite: number;
  readonly there: number;
}

interface Step {
  readonly records: number;
  readonly death: Death | undefined;
}

const planner = plainPlanner();

/** Takes the records in batches as the steps say, each death followed by another process, and gives what is there in the end. */
async function run(said: readonly Said[], steps: readonly Step[]) {
  const history = new Set<string>();
  const current = new Map<string, EnrichedDocument>();
  const told: EnrichedDocument[] = [];
  let death: Death | undefined;
  let writes = 0;

  const store: Pick<IndicatorStore, 'readStates' | 'write'> = {
    async readStates(ids) {
      const found = ids.flatMap((id) => {
        const document = current.get(id);
        return document === undefined ? [] : [[id, structuredClone(document)] as const];
      });
      return new Map(found.map(([_id, _source]) => [_id, readState({ _id, _source: { ..._source } })]));
    },
    async write(changes) {
      const dying = death !== undefined && writes === death.atWrite ? death : undefined;
      writes += 1;
      let at = 0;
      const arrives = (): boolean => dying === undefined || ((dying.there >> at++) & 1) === 1;
      const outcomes = changes.map(({ id, revision, current: document, history: days }) => {
        let created = 0;
        for (const { id: hash } of days) if (arrives() && !history.has(hash)) created += history.add(hash) ? 1 : 0;
        if (document !== null && arrives()) {
          if ((current.get(id)?.tipline.revision ?? 0) >= revision) return { kind: 'lost' as const };
          current.set(id, JSON.parse(String(document)) as EnrichedDocument);
        }
        return { kind: 'written' as const, historyCreated: created };
      });
      if (dying !== undefined) throw new Error('the process dies');
      return outcomes;
    },
  };

  const records: Incoming[] = said.map((each, offset) => ({
    key: each.indicator,
    value: Buffer.from(JSON.stringify({ ...each, tags: ['malicious'] })),
    offset,
    timestamp: NOW - 60_000 + offset,
    headers: { [FEED_HEADER]: 'vetted' },
  }));
  const bus = {
    async publish(_: string, values: readonly { value: string | Buffer }[]) {
      for (const { value } of values) told.push(JSON.parse(String(value)) as EnrichedDocument);
    },
  };
  let committed = 0;
  let settled = createSettled(4096);
  for (const step of [...steps, { records: records.length, death: undefined }]) {
    const batch: Batch = {
      topic: 'ioc.raw',
      partition: 0,
      records: records.slice(committed, committed + step.records),
      heartbeat: async () => {},
      signal: new AbortController().signal,
    };
    if (batch.records.length === 0) continue;
    death = step.death;
    writes = 0;
    try {
      await enrichBatch(batch, {
        store: store as IndicatorStore,
        bus: bus as never,
        settled,
        sheets: createSheets(),
        planner: () => planner,
        now: () => NOW,
        headersSince: 0,
        seam: noSeam,
        log: silentLog,
      });
      committed += batch.records.length;
    } catch (error) {
      assert.match(String(error), /the process dies/);
      settled = createSettled(4096);
    }
  }
  return { history, current, told };
}

const said = fc.record({
  indicator: fc.constantFrom('9.9.9.9', '8.8.4.4'),
  source: fc.constantFrom('a', 'b'),
  confidence: fc.constantFrom(10, 50, 90),
  revoked: fc.boolean(),
});
const step = fc.record({
  records: fc.integer({ min: 1, max: 6 }),
  death: fc.option(fc.record({ atWrite: fc.nat(1), there: fc.nat(63) }), { nil: undefined }),
});

describe('a batch that is read again', () => {
  it('files what a death kept from history, also where the same source has said something newer since', async () => {
    const first = { indicator: '9.9.9.9', source: 'a', confidence: 90, revoked: false };
    const second = { ...first, confidence: 50 };
    // of the first batch only the current document is there
    const { history, told } = await run([first, second], [{ records: 1, death: { atWrite: 0, there: 0b10 } }]);
    assert.equal(history.size, 2);
    assert.deepEqual(
      told.map(({ event }) => event.action),
      ['new'],
      'nobody has been told of it yet',
    );
  });

  it('ends with the same history and states wherever processes died', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(said, { minLength: 1, maxLength: 12 }),
        fc.array(step, { maxLength: 8 }),
        async (all, steps) => {
          const straight = await run(
            all,
            all.map(() => ({ records: 1, death: undefined })),
          );
          const troubled = await run(all, steps);
          assert.deepEqual([...troubled.history].sort(), [...straight.history].sort());
          for (const [id, { tipline }] of straight.current) {
            const { claims, status, threat_score } = troubled.current.get(id)?.tipline ?? {};
            const hashes = (each: typeof claims) => each?.map(({ hash }) => hash).sort();
            assert.deepEqual(
              { hashes: hashes(claims), status, threat_score },
              {
                hashes: hashes(tipline.claims),
                status: tipline.status,
                threat_score: tipline.threat_score,
              },
            );
            const last = troubled.told.findLast((each) => each.tipline.id === id);
            assert.equal(
              last?.tipline.revision,
              troubled.current.get(id)?.tipline.revision,
              'told of last is what stands',
            );
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
