import type { Log } from '../core/process/log.ts';
import type { Clock } from './clock.ts';
import type { Ledger } from './ledger/ledger.ts';

/** NTP slews by less between two looks; the kernel counts whole seconds anyway. */
const TOLERANCE = 1000;

/**
 * Moves the times of the ledger along when somebody sets the clock, so that what was to last an hour still does: a deadline is told in wall
 * time, but meant as a length. Without this a day forward would end all blocks of the ledger while the kernel holds them, and a day
 * back would make them a day longer when they are installed again. What happened between two processes of one boot is seen too.
 *
 * @returns to be called before each look at a time of the ledger; true when the clock was set
 */
export function createClockSteps(clock: Clock, ledger: Ledger, log: Log): () => boolean {
  let known: number | undefined;

  function remember(offset: number): void {
    known = offset;
    if (clock.boot !== undefined) ledger.setMark('clock', JSON.stringify({ boot: clock.boot, offset }));
  }

  return () => {
    const offset = clock.now() - clock.steady();
    known ??= offsetIn(ledger.mark('clock'), clock.boot);
    if (known === undefined) {
      ledger.write(() => remember(offset));
      return false;
    }
    const step = Math.round(offset - known);
    if (Math.abs(step) <= TOLERANCE) return false;
    ledger.write(() => {
      ledger.rows.shift(step);
      remember(offset);
    });
    log.warn({ seconds: step / 1000 }, 'the clock was set: blocks keep the time that they were given');
    return true;
  };
}

function offsetIn(mark: string | undefined, boot: string | undefined): number | undefined {
  if (mark === undefined || boot === undefined) return undefined;
  const told = JSON.parse(mark) as { boot: string; offset: number };
  return told.boot === boot ? told.offset : undefined;
}
