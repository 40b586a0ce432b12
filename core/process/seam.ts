/**
 * Named points between two effects of a worker, for tests that kill the process exactly there. In production it is `noSeam`.
 */
export type Seam = (point: string) => void;

export const noSeam: Seam = () => {};

/**
 * A seam that kills its own process with SIGKILL, as a power cut would: `after-bulk` at the first passing of that point,
 * `after-bulk:3` at the third.
 */
export function killAt(spec: string): Seam {
  const [wanted, count = '1'] = spec.split(':');
  let left = Number(count);
  return (point) => {
    if (point !== wanted) return;
    left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
