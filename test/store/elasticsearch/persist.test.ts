import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createOutages } from '../../../store/elasticsearch/outages.ts';
import { once, persist, type Trouble } from '../../../store/elasticsearch/persist.ts';
import { keptLog, SHORT_WAITS, testPatience, watchedHealth } from './patience.ts';

const trouble = (kind: Trouble['kind'], progress = false): Trouble => ({
  kind,
  code: 'CODE',
  detail: `${kind}!`,
  progress,
});

function rounds(...answers: (Trouble | undefined)[]): {
  round: () => Promise<Trouble | undefined>;
  left: () => number;
} {
  return { round: async () => answers.shift(), left: () => answers.length };
}

function outages() {
  const health = watchedHealth();
  const log = keptLog();
  return { ...health, lines: log.lines, outages: createOutages({ log: log.log, health: health.health }) };
}

describe('persist', () => {
  it('is an outage at once when the server is down, and not when it is busy for a moment', async () => {
    const down = outages();
    await persist(rounds(trouble('down'), undefined).round, testPatience(), down.outages, SHORT_WAITS);
    assert.deepEqual(down.changes, ['down down!', 'up']);

    const busy = outages();
    await persist(rounds(trouble('busy'), trouble('busy'), undefined).round, testPatience(), busy.outages, SHORT_WAITS);
    assert.deepEqual(busy.changes, ['up']);

    const long = outages();
    await persist(
      rounds(trouble('busy'), trouble('busy'), trouble('busy'), undefined).round,
      testPatience(),
      long.outages,
      SHORT_WAITS,
    );
    assert.deepEqual(long.changes, ['down busy!', 'up']);
  });

  it('does not count rounds that get something through as an outage', async () => {
    const watched = outages();
    const answers = Array.from({ length: 10 }, () => trouble('busy', true));
    await persist(rounds(...answers, undefined).round, testPatience(), watched.outages, SHORT_WAITS);
    assert.deepEqual(watched.changes, ['up']);
  });

  it('forgives one lost connection, which may only have been idle too long', async () => {
    const lost: Trouble = { ...trouble('down'), code: 'STORE_UNREACHABLE' };
    const once = outages();
    await persist(rounds(lost, undefined).round, testPatience(), once.outages, SHORT_WAITS);
    assert.deepEqual(once.changes, ['up']);
    const twice = outages();
    await persist(rounds(lost, lost, undefined).round, testPatience(), twice.outages, SHORT_WAITS);
    assert.deepEqual(twice.changes, ['down down!', 'up']);
  });

  it('goes another way without a wait', async () => {
    const begun = performance.now();
    const answers = Array.from({ length: 20 }, () => trouble('detour'));
    await persist(rounds(...answers, undefined).round, testPatience(), outages().outages);
    assert.ok(performance.now() - begun < 500);
  });

  it('beats while it waits', async () => {
    const patience = testPatience();
    const waits = { ...SHORT_WAITS, beat: 10, down: { first: 100, most: 100 } };
    await persist(rounds(trouble('down'), undefined).round, patience, outages().outages, waits);
    assert.ok(patience.beats() >= 5, `${patience.beats()} beats`);
  });

  it('says once that the server is silent, not at every heartbeat', async () => {
    const watched = outages();
    const patience = testPatience();
    const silent = async (): Promise<undefined> => {
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    await persist(silent, patience, watched.outages, { ...SHORT_WAITS, beat: 10, slow: 50 });
    assert.equal(watched.changes[0], 'down Elasticsearch has not answered for more than 0 s');
    assert.equal(watched.lines.length, 2, watched.lines.join('\n'));
  });

  it('ends the round under way when the batch is taken away', async () => {
    const patience = testPatience();
    let ended = false;
    const hanging = persist(
      (signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            ended = true;
            resolve(undefined);
          }),
        ),
      patience,
      outages().outages,
      SHORT_WAITS,
    );
    patience.abort();
    await assert.rejects(hanging, { code: 'STORE_ABORTED', retryable: true });
    assert.ok(ended);
  });

  it('passes on what a round throws, and is no outage any more', async () => {
    const watched = outages();
    const failing = async (): Promise<undefined> => {
      throw new Error('no waiting mends this');
    };
    await assert.rejects(persist(failing, testPatience(), watched.outages, SHORT_WAITS), /no waiting/);
    assert.deepEqual(watched.changes, []);
  });

  it('leaves no timer and no listener behind', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const patience = testPatience();
    for (let call = 0; call < 20; call += 1) await persist(rounds(undefined).round, patience, outages().outages);
    assert.equal(timers(), before);
  });
});

describe('once', () => {
  it('throws the first trouble that got nothing through', async () => {
    await assert.rejects(once(rounds(trouble('busy')).round), { code: 'CODE', retryable: true });
    await assert.rejects(once(rounds(trouble('busy', true), trouble('down')).round), { message: 'down!' });
  });

  it('goes on while something moves, and not for ever', async () => {
    await once(rounds(trouble('busy', true), trouble('detour'), undefined).round);
    const answers = Array.from({ length: 100 }, () => trouble('busy', true));
    await assert.rejects(once(rounds(...answers).round), { code: 'STORE_BUSY' });
  });
});

describe('outages', () => {
  it('names a trouble that is left when another ends', () => {
    const watched = outages();
    const [first, second] = [watched.outages.open(), watched.outages.open()];
    first.trouble('A', 'one');
    second.trouble('B', 'two');
    assert.equal(watched.details(), 'two');
    second.close();
    assert.equal(watched.state(), 'down');
    assert.equal(watched.details(), 'one');
    watched.outages.up();
    assert.equal(watched.state(), 'down', 'somebody still waits');
    first.close();
    assert.equal(watched.state(), 'up');
  });

  it('reminds once a minute and says how long it was', () => {
    const health = watchedHealth();
    const log = keptLog();
    let now = 1_000_000;
    const outage = createOutages({ log: log.log, health: health.health, now: () => now }).open();
    for (let second = 0; second < 150; second += 1) {
      outage.trouble('A', 'away');
      now += 1000;
    }
    outage.close();
    assert.equal(log.lines.length, 4, log.lines.join('\n'));
    assert.match(log.lines[3] ?? '', /is back .*"seconds":150/);
  });
});
