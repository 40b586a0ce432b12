import { grown, type Shape } from './shape.ts';

/** Reads a text to its end. What it throws must be an error of ours. */
export type Reads = (input: Buffer) => void | Promise<void>;

export interface Growth {
  /** Bytes of the smallest text. */
  readonly bytes: number;
  /** CPU time in µs of texts of one, two and four times that, each the least of several runs. */
  readonly once: number;
  readonly twice: number;
  readonly fourfold: number;
  /** CPU-seconds for a megabyte. */
  readonly perMegabyte: number;
}

/** Below this the ticks of a clock and the compiler of the engine are what is measured. */
const ENOUGH = 3000;
const SMALLEST = 4096;
const MOST_SMALLEST = 512 * 1024;
const MOST_ROUNDS = 8;
const ATTEMPTS = 3;
/** What takes longer than this at four times the length is not read again at sixteen times. */
const MOST_TO_GO_ON = 2_000_000;
export const MOST_TWICE = 2.6;
export const MOST_FOURFOLD = 6;
/** CPU-seconds for a megabyte of the worst text there is. */
export const MOST_PER_MEGABYTE = 2;

/** CPU time of this process in µs, whoever else the machine works for. */
async function cpuOf(reads: Reads, input: Buffer, times: number): Promise<number> {
  const before = process.cpuUsage();
  for (let turn = 0; turn < times; turn += 1) await reads(input);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const GLANCE_BYTES = 64 * 1024;
/** µs a byte; most texts cost a tenth. */
const SUSPICIOUS = 0.4;
/** µs that are no noise. */
const NOTICED = 4000;

/** One look at two lengths, which is enough to see that most texts are harmless: true for what should be measured, and what a byte costs. */
export async function glance(reads: Reads, shape: Shape, most: number): Promise<{ suspicious: boolean; cost: number }> {
  const bytes = Math.min(GLANCE_BYTES, most / 4);
  const once = await cpuOf(reads, grown(shape, bytes), 1);
  const fourfold = await cpuOf(reads, grown(shape, bytes * 4), 1);
  const cost = fourfold / (bytes * 4);
  return { suspicious: cost > SUSPICIOUS || (fourfold > NOTICED && fourfold > once * MOST_FOURFOLD), cost };
}

/**
 * How the CPU time grows with a text. The smallest text is one that takes long enough (and is read several times where it may not be longer). The
 * least of several runs of each size counts: a noisy machine adds time and takes none away. Ends as soon as the growth is within bounds. Where it is
 * not, it is measured twice more, with longer texts where they may be, and for longer: readers that go over to a file at some length cost more from
 * there on, once, and the collector of garbage strikes where it likes, while what grows by the square does so at any length and each time.
 */
export async function growthOf(reads: Reads, shape: Shape, most: number): Promise<Growth> {
  let { bytes, times } = await calibrated(reads, shape, most);
  for (let attempt = 1; ; attempt += 1) {
    const growth = await measured(reads, shape, bytes, times);
    if (isLinear(growth) || attempt === ATTEMPTS || growth.fourfold > MOST_TO_GO_ON) return growth;
    if (bytes * 16 <= most) bytes *= 4;
    else times *= 2;
  }
}

async function calibrated(reads: Reads, shape: Shape, most: number): Promise<{ bytes: number; times: number }> {
  let bytes = Math.min(SMALLEST, most / 4);
  let times = 1;
  for (;;) {
    const input = grown(shape, bytes);
    await cpuOf(reads, input, 1);
    if (Math.min(await cpuOf(reads, input, times), await cpuOf(reads, input, times)) >= ENOUGH) return { bytes, times };
    // beyond half a megabyte the caches of the processor and the collector of garbage are what is measured
    if (bytes * 8 <= Math.min(most, MOST_SMALLEST * 4)) bytes *= 2;
    else times *= 2;
  }
}

async function measured(reads: Reads, shape: Shape, bytes: number, times: number): Promise<Growth> {
  const inputs = [1, 2, 4].map((factor) => grown(shape, bytes * factor));
  const least = [Infinity, Infinity, Infinity];
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    for (const [at, input] of inputs.entries()) least[at] = Math.min(least[at] ?? 0, await cpuOf(reads, input, times));
    if (round >= 1 && isLinear(growthFrom(least, bytes, times))) break;
  }
  return growthFrom(least, bytes, times);
}

function growthFrom(least: readonly number[], bytes: number, times: number): Growth {
  const [once = 0, twice = 0, fourfold = 0] = least;
  return { bytes, once, twice, fourfold, perMegabyte: fourfold / times / (bytes * 4) };
}

export function isLinear({ once, twice, fourfold, perMegabyte }: Growth): boolean {
  return twice <= once * MOST_TWICE && fourfold <= once * MOST_FOURFOLD && perMegabyte <= MOST_PER_MEGABYTE;
}

export function describeGrowth({ bytes, once, twice, fourfold, perMegabyte }: Growth): string {
  const times = `x2 costs x${(twice / once).toFixed(2)}, x4 costs x${(fourfold / once).toFixed(2)}`;
  return `${bytes} bytes: ${(once / 1000).toFixed(1)} ms, ${times}, ${perMegabyte.toFixed(2)} CPU-s a MB`;
}
