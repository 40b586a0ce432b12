import { readFileSync } from 'node:fs';

/**
 * The two clocks of a responder. Claims and documents speak of wall time, which an operator or NTP may set at any moment; the kernel
 * ends blocks by a clock that nobody can set.
 */
export interface Clock {
  /** Wall time, epoch ms. */
  now(): number;
  /** Ms of a clock that only goes on, at the kernel's pace. */
  steady(): number;
  /** Names the zero of `steady`: readings of two processes can be compared when it is the same. Undefined: they never can. */
  readonly boot: string | undefined;
}

/** CLOCK_MONOTONIC, which all processes share from one boot to the next. */
export function systemClock(): Clock {
  return { now: Date.now, steady: () => Number(process.hrtime.bigint() / 1_000_000n), boot: bootId() };
}

function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return undefined;
  }
}
