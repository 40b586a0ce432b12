import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { createOutages } from '../../../bus/kafka/outages.ts';
import { createPlace, InHand, type Place } from '../../../bus/kafka/place.ts';
import { createHealth, type Health } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';

function kafkaSays(type: string, retriable = false): Error {
  return Object.assign(new Error(type), { type, retriable });
}

describe('a place in a group', () => {
  let place: Place;
  let health: Health;
  let hand: InHand;
  let beats: number;
  let answer: () => Promise<void>;

  beforeEach(() => {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout', 'Date'] });
    health = createHealth();
    place = createPlace('testing', { line: createOutages(health, silentLog).line('test'), log: silentLog });
    hand = new InHand();
    place.inHand.add(hand);
    beats = 0;
    answer = async () => {};
    place.beatWith(() => {
      beats += 1;
      return answer();
    });
  });
  afterEach(() => {
    place.end();
    mock.timers.reset();
  });

  it('is kept by heartbeats while a handler works, and needs none while nothing is in hand', () => {
    mock.timers.tick(9_000);
    assert.equal(beats, 3);
    place.inHand.clear();
    mock.timers.tick(9_000);
    assert.equal(beats, 3);
  });

  it('is given up when a handler hangs, and joined anew when it has ended', () => {
    mock.timers.tick(5 * 60_000);
    assert.equal(hand.signal.aborted, false);
    const before = beats;
    mock.timers.tick(6_000);
    assert.equal(hand.signal.aborted, true);
    assert.equal(beats, before, 'no more heartbeats');
    assert.match(String(place.lost()?.message), /hangs/);
    place.joined();
    assert.equal(place.lost(), undefined);
  });

  it('is not given up while a handler shows life', () => {
    for (let minute = 0; minute < 20; minute += 1) {
      mock.timers.tick(60_000);
      hand.progress = Date.now();
    }
    assert.equal(hand.signal.aborted, false);
    assert.equal(place.lost(), undefined);
  });

  it('in a rebalance leaves handlers three seconds to finish', async () => {
    answer = () => Promise.reject(kafkaSays('REBALANCE_IN_PROGRESS'));
    await place.beat();
    assert.notEqual(place.lost(), undefined);
    assert.equal(hand.signal.aborted, false);
    mock.timers.tick(2_999);
    assert.equal(hand.signal.aborted, false);
    mock.timers.tick(1);
    assert.equal(hand.signal.aborted, true);
  });

  it('that is good again in time aborts nobody', async () => {
    answer = () => Promise.reject(kafkaSays('REBALANCE_IN_PROGRESS'));
    await place.beat();
    place.joined();
    mock.timers.tick(10_000);
    assert.equal(hand.signal.aborted, false);
  });

  it('that is gone aborts handlers at once', async () => {
    answer = () => Promise.reject(kafkaSays('UNKNOWN_MEMBER_ID'));
    await place.beat();
    assert.equal(hand.signal.aborted, true);
    assert.equal(health.snapshot().get('bus')?.state, undefined, 'which is no outage');
  });

  it('survives a heartbeat that no broker answers, and health says so', async () => {
    answer = () => Promise.reject(kafkaSays('REQUEST_TIMED_OUT', true));
    await place.beat();
    assert.equal(hand.signal.aborted, false);
    assert.equal(place.lost(), undefined);
    assert.equal(health.snapshot().get('bus')?.state, 'down');
  });
});
