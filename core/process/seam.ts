/**
 * Named points between two effects of a worker, for tests that kill the process exactly there. In production it is `noSeam`.
 */
export type Seam = (point: string) => void;

export const noSeam: Seam = () => {};

/**
 * A seam that kills its own process with SIGKILL, as a power cut would: `after-bulk` at the first passing of that point,
 * `after-bulk:3` at the third, `mid-bulk+20` 20 ms after it, when a request is on its way.
 */
export function killAt(spec: string): Seam {
  const match = /^([a-z:-]*[a-z])(?::([1-9]\d*))?(?:\+(\d+))?$/.exec(spec);
  if (match === null) throw new RangeError(`no such seam: ${spec}`);
  const [, wanted, count = '1', delay] = match;
  let left = Number(count);
  const kill = (): void => void process.kill(process.pid, 'SIGKILL');
  return (point) => {
    if (point !== wanted) return;
    left -= 1;
    if (left !== 0) return;
    if (delay === undefined) kill();
    else setTimeout(kill, Number(delay));
  };
}
