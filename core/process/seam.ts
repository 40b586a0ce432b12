/**
 * Named points between two effects of a worker, for tests that kill the process exactly there. In production it is `noSeam`. `of` tells
 * whose point it is, where many pass the same one. Whoever waits for the promise stays at the point until others have come to theirs.
 */
export type Seam = (point: string, of?: string) => void | Promise<void>;

export const noSeam: Seam = () => {};

const PLACE = /^([a-z:-]*[a-z](?:@[A-Za-z0-9._-]+)?)(?::([1-9]\d*))?$/;

/**
 * A seam that kills its own process with SIGKILL, as a power cut would: `after-bulk` at the first passing of that point,
 * `after-bulk:3` at the third, `ingest-published@list:2` at the second of the feed `list`. With `mid-bulk+20` it is 20 ms after it, when a
 * request is on its way. Of several, as in `a@one,a@two:2+5`, each that is reached waits until all are; then the process is killed,
 * or they go on together and it is killed so many ms later.
 */
export function killAt(spec: string): Seam {
  const [, places = '', delay] = /^([^+]*)(?:\+(\d+))?$/.exec(spec) ?? [];
  const ahead = new Map<string, number>();
  for (const place of places.split(',')) {
    const [, name, count = '1'] = PLACE.exec(place) ?? [];
    if (name === undefined || ahead.has(name)) throw new RangeError(`no such seam: ${spec}`);
    ahead.set(name, Number(count));
  }
  const together = Promise.withResolvers<void>();
  const kill = (): void => void process.kill(process.pid, 'SIGKILL');
  return (point, of) => {
    for (const name of of === undefined ? [point] : [point, `${point}@${of}`]) {
      const left = ahead.get(name);
      if (left === undefined) continue;
      if (left > 1) {
        ahead.set(name, left - 1);
        continue;
      }
      ahead.delete(name);
      if (ahead.size > 0) return together.promise;
      if (delay === undefined) kill();
      else setTimeout(kill, Number(delay));
      together.resolve();
    }
    return undefined;
  };
}
