import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { type Cell, DEATHS, isDeath, runCell, type Trouble } from './cell.ts';
import { FAULTS } from './faults.ts';
import { STANDS } from './stands/index.ts';
import { matrixOf } from './table.ts';

const TROUBLES: readonly Trouble[] = [...FAULTS, ...DEATHS];
/** Feeds at a time: the time that one waits for another would count as its own. And cells of theirs. */
const FEEDS_AT_ONCE = 4;
const AT_ONCE = 8;

const cells: Cell[] = [];
let free = AT_ONCE;
const queue: (() => void)[] = [];

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (free > 0) free -= 1;
  else await new Promise<void>((resolve) => queue.push(resolve));
  try {
    return await work();
  } finally {
    const next = queue.shift();
    if (next === undefined) free += 1;
    else next();
  }
}

describe('feeds by faults: all is delivered, nothing is invented', { concurrency: FEEDS_AT_ONCE }, () => {
  for (const stand of STANDS) {
    it(stand.name, async (t) => {
      const met = TROUBLES.filter((trouble) => isDeath(trouble) || stand.unmet[trouble] === undefined);
      const well = await inTurn(() => runCell(t, stand, 'none', Number.POSITIVE_INFINITY));
      cells.push(well);
      // a death costs a reading, and there are up to three with each edition
      const mostRequests = (trouble: Trouble): number => well.requests * (isDeath(trouble) ? 5 : 2) + 2;
      const troubled = await Promise.all(
        met
          .filter((trouble) => trouble !== 'none')
          .map((trouble) => inTurn(() => runCell(t, stand, trouble, mostRequests(trouble)))),
      );
      cells.push(...troubled);
      const bad = [well, ...troubled].filter(({ complaints }) => complaints.length > 0);
      const told = bad.map(({ feed, trouble, errors, complaints }) =>
        [`${feed}, ${trouble} (errors: ${errors.join() || 'none'})`, ...complaints].join('\n    '),
      );
      assert.equal(told.length, 0, `\n  ${told.join('\n  ')}`);
    });
  }

  after(() => console.log(matrixOf(STANDS, TROUBLES, cells)));
});
