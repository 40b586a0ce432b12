import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { messageOf } from '../../core/process/errors.ts';
import { createLimitCheck, type Limits } from '../../ingest/limits.ts';

/** What is said against each page of so many records, the clock a second later with each. */
function said(limits: Limits, pages: readonly number[], wholeList = false): (string | null)[] {
  const check = createLimitCheck(limits, 0, wholeList);
  return pages.map((records, index) => {
    try {
      check(Array.from({ length: records }), (index + 1) * 1000);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  });
}

describe('the limits of a reading', () => {
  it('counts pages that hold records, and not one that only says where to go on', () => {
    assert.deepEqual(said({ pages: 1 }, [5, 0, 0]), [null, null, null]);
    assert.deepEqual(said({ pages: 2 }, [5, 0, 5, 1]), [
      null,
      null,
      null,
      'the reading has more than 2 pages; what came before is published. Raise limits.pages when the source is meant to be so large',
    ]);
  });

  it('counts records to the last that is allowed', () => {
    assert.deepEqual(said({ records: 6 }, [5, 1]), [null, null]);
    assert.match(String(said({ records: 6 }, [5, 2])[1]), /^the reading has more than 6 records; what came before /);
    assert.match(String(said({ records: 6 }, [7], true)[0]), /^the reading has more than 6 records; nothing of it /);
  });

  it('looks at the clock with each page, empty or not', () => {
    assert.deepEqual(said({ time: 2000 }, [1, 1]), [null, null]);
    assert.match(String(said({ time: 2000 }, [1, 1, 0])[2]), /^the reading takes longer than 2 s; /);
    assert.deepEqual(said({}, [1]), [null]);
  });
});
