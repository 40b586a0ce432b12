import type { Bus } from '../bus/port.ts';
import { TOPICS } from '../core/contract/topics.ts';
import type { Log } from '../core/process/log.ts';
import type { Seam } from '../core/process/seam.ts';
import { actionOf } from './action.ts';
import type { Backend, Condition } from './backends/backend.ts';
import type { Clock } from './clock.ts';
import { createClockSteps } from './clock-steps.ts';
import { enforceDirty } from './enforce.ts';
import type { Fuse } from './fuse.ts';
import type { ScheduleContext } from './grant.ts';
import type { Guard, GuardEntry } from './guard.ts';
import { intake, type Sighting } from './intake.ts';
import { isHeld } from './ledger/block-row.ts';
import type { Ledger } from './ledger/ledger.ts';
import { countHeld, laneOf } from './ledger/load.ts';
import type { PolicyTerms } from './policy.ts';
import { reconcile } from './reconcile.ts';
import { emptyTally, type Tally } from './record.ts';
import { liftForbidden, liftOverlapping, schedule } from './schedule.ts';
import { makeRoom } from './share.ts';

export interface RoundsOptions {
  readonly ledger: Ledger;
  readonly backend: Backend;
  readonly bus: Pick<Bus, 'publish'>;
  readonly guard: Guard;
  readonly fuse: Fuse;
  readonly terms: PolicyTerms;
  readonly actor: string;
  readonly log: Log;
  readonly seam: Seam;
  readonly clock: Clock;
}

/** The steps of a responder. One at a time: the caller takes turns. */
export interface Rounds {
  /** Writes down what documents ask for; touches nothing but the ledger. */
  takeIn(sightings: readonly Sighting[]): void;
  /** Deadlines, fuse, firewall, actions: all that can be done now. May be repeated after any failure. */
  round(): Promise<void>;
  /** Looks whether our rules are still there; if not, the next round puts them back. */
  probe(): Promise<Condition>;
  /** The next round reads the firewall's sets and puts right what differs from the ledger. */
  doubt(): void;
  /** What a start must do before anything else: a change of mode, lists and limits may have come with it. */
  resume(): void;
  liftGuarded(added: readonly GuardEntry[]): void;
  readonly tally: Readonly<Tally>;
}

const PUBLISH_AT_ONCE = 1000;

export function createRounds(options: RoundsOptions): Rounds {
  const { ledger, backend, bus, guard, fuse, terms, actor, log, seam, clock } = options;
  const { now } = clock;
  const { enforces } = backend;
  const tally = emptyTally();
  const clockWasSet = createClockSteps(clock, ledger, log);
  let doubtful = true;

  const contextAt = (moment: number): ScheduleContext => ({
    ...{ ledger, actor, enforces, now: moment, tally, fuse, guard },
  });

  /** The moment by which the ledger is to be read: its times are those of the clock as it goes now. */
  function settledNow(): number {
    if (clockWasSet()) doubtful = true;
    return now();
  }

  async function restore(): Promise<void> {
    const created = await backend.ensure();
    if (created) {
      ledger.write(() => ledger.rows.forgetKernel());
      log.info({ backend: backend.description }, 'the firewall table was made; blocks are installed from the ledger');
    } else {
      const difference = await reconcile(ledger, backend, now());
      const { missing, shifted, strays } = difference;
      if (missing + shifted + strays > 0) log.warn({ ...difference }, 'firewall and ledger differed: put right');
    }
  }

  async function enforce(): Promise<void> {
    try {
      settledNow();
      if (doubtful && enforces) await restore();
      doubtful = false;
      ledger.write(() => {
        const moment = now();
        ledger.rows.cap(moment + terms.blockFor);
        schedule(contextAt(moment));
      });
      await enforceDirty({ ledger, backend, actor, seam, now, tally, longest: terms.blockFor });
    } catch (error) {
      // Nobody knows how far the firewall came: look before the next step.
      doubtful = true;
      throw error;
    }
  }

  async function publish(): Promise<void> {
    for (;;) {
      const actions = ledger.actions.unpublished(PUBLISH_AT_ONCE);
      if (actions.length === 0) return;
      await bus.publish(
        TOPICS.actions,
        actions.map(({ id, body }) => ({ key: id, value: body })),
      );
      seam('responder:after-publish');
      ledger.write(() =>
        ledger.actions.markPublished(
          actions.map(({ id }) => id),
          now(),
        ),
      );
    }
  }

  function requeuePlanned(moment: number): number {
    let count = 0;
    for (const page of ledger.rows.inState('planned')) {
      for (const row of page) {
        ledger.rows.put({ ...row, state: 'waiting', queuedAt: moment, changedAt: moment, seq: row.seq + 1 });
        count += 1;
      }
    }
    return count;
  }

  return {
    tally,
    takeIn(sightings) {
      const moment = settledNow();
      ledger.write(() => {
        const load = ledger.rows.load();
        for (const sighting of sightings) {
          const before = ledger.rows.get(sighting.value);
          const take = () => intake(sighting, before, { now: moment, terms, guard, fuse, held: load.held });
          let result = take();
          // once for each thing that there may be too much of
          for (let tries = 0; tries < 3 && result?.full !== undefined; tries += 1) {
            if (!makeRoom(result.row, result.full, { rows: ledger.rows, load, now: moment })) break;
            result = take();
          }
          if (result === undefined) continue;
          const { row, refused } = result;
          ledger.rows.put(row);
          if (refused) {
            ledger.actions.add(actionOf('refuse', row, { actor, enforces, now: moment }), moment);
            tally.refused += 1;
          }
          if (before !== undefined && isHeld(before)) countHeld(load, laneOf(before), before.prefix, -1);
          if (isHeld(row)) countHeld(load, laneOf(row), row.prefix, 1);
        }
      });
    },
    async round() {
      await enforce();
      await publish();
    },
    async probe() {
      const condition = await backend.probe();
      if (condition.state !== 'intact' && !doubtful) {
        doubtful = true;
        log.warn({ state: condition.state }, 'somebody changed our firewall table: it is put back');
      }
      return condition;
    },
    doubt() {
      doubtful = true;
    },
    resume() {
      const moment = settledNow();
      const requeued = enforces ? ledger.write(() => requeuePlanned(moment)) : 0;
      if (requeued > 0) log.info({ blocks: requeued }, 'planned in dry-run: now waiting to be made');
      const lifted = ledger.write(() => liftForbidden(contextAt(moment)));
      if (lifted > 0) log.warn({ blocks: lifted }, 'blocks that lists or limits now forbid are lifted');
      if (!enforces && ledger.rows.holdsKernel(moment)) {
        log.warn(
          {},
          'dry-run leaves the blocks of an earlier mode: enforce in place until their deadlines; to lift them now: nft delete table inet tipline',
        );
      }
    },
    liftGuarded(added) {
      const moment = settledNow();
      const lifted = ledger.write(() => liftOverlapping(added, contextAt(moment)));
      if (lifted > 0) log.warn({ blocks: lifted }, 'blocks that would cut off this machine are lifted');
    },
  };
}
