import assert from 'node:assert/strict';
import type { BatchPatience } from '../../../bus/port.ts';
import type { IndicatorStore } from '../../../store/port.ts';
import { sampleDocument, sampleWrite } from '../sample-document.ts';

export interface SteadyWriter {
  /** Batches that are in the store for good; throws what the writer died of. */
  batches(): number;
  /** Finishes the batch in hand. */
  stop(): Promise<void>;
  /**
   * Throws if anything that was taken is not in the store as it was written; `history` counts the documents in history
   * since it began.
   */
  verify(history: number): Promise<void>;
}

const BATCH = 100;

/**
 * Does what the enricher does, batch after batch: reads states, writes history and current, and at a lost race reads
 * again. Each indicator is written in two batches, so that revisions matter. `net` (0–255) keeps writers apart.
 */
export function writeSteadily(store: IndicatorStore, patience: BatchPatience, net: number): SteadyWriter {
  const revisions = new Map<string, number>();
  let batches = 0;
  let going = true;
  let death: unknown;

  async function writeBatch(first: number): Promise<void> {
    const documents = Array.from({ length: BATCH }, (_, n) =>
      sampleDocument({ value: `10.${net}.${((first + n) >> 8) & 255}.${(first + n) & 255}` }),
    );
    const ids = documents.map(({ tipline }) => tipline.id);
    const before = await store.readStates(ids, patience);
    let open = documents.map((document) => {
      document.tipline.revision = (before.get(document.tipline.id)?.tipline.revision ?? 0) + 1;
      return document;
    });
    for (const { tipline } of open)
      assert.equal(tipline.revision, (revisions.get(tipline.id) ?? 0) + 1, 'a state was taken for missing');
    while (open.length > 0) {
      const outcomes = await store.write(
        open.map((document) => sampleWrite(document)),
        patience,
      );
      const lost = open.filter((_, at) => {
        const outcome = outcomes[at];
        assert.ok(outcome !== undefined && outcome.kind !== 'rejected', JSON.stringify(outcome));
        return outcome.kind === 'lost';
      });
      // Nobody else writes, so a lost race is our own write whose reply was lost.
      const states = await store.readStates(
        lost.map(({ tipline }) => tipline.id),
        patience,
      );
      open = lost.filter(({ tipline }) => states.get(tipline.id)?.tipline.revision !== tipline.revision);
    }
    for (const { tipline } of documents) revisions.set(tipline.id, tipline.revision);
  }

  const done = (async () => {
    for (let round = 0; going; round += 1) {
      await writeBatch((round >> 1) * BATCH);
      batches += 1;
    }
  })();
  done.catch((error: unknown) => {
    death = error;
  });

  return {
    batches() {
      if (death !== undefined) throw death;
      return batches;
    },
    async stop() {
      going = false;
      await done;
    },
    async verify(history) {
      const ids = [...revisions.keys()];
      const states = new Map<string, number>();
      for (let at = 0; at < ids.length; at += 10_000) {
        for (const [id, { tipline }] of await store.readStates(ids.slice(at, at + 10_000), patience))
          states.set(id, tipline.revision);
      }
      assert.deepEqual(states, revisions);
      assert.equal(history, ids.length, 'one statement of each is in history');
    },
  };
}
