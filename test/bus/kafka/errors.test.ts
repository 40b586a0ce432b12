import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AuthenticationError, MultipleErrors, NetworkError, ProtocolError, UserError } from '@platformatic/kafka';
import kafkajs from 'kafkajs';
import { busError, placeVerdict } from '../../../bus/kafka/errors.ts';
import { TiplineError } from '../../../core/process/errors.ts';

const { KafkaJSConnectionError, KafkaJSNonRetriableError, KafkaJSNumberOfRetriesExceeded, KafkaJSProtocolError } =
  kafkajs;

function refused(): Error {
  return Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9'), { code: 'ECONNREFUSED' });
}

function theirs(type: string, retriable: boolean): Error {
  return new KafkaJSProtocolError(Object.assign(new Error(type), { type, retriable, code: 1 }));
}

/** As a crashed consumer tells it. */
function afterRetries(): Error {
  const first = new KafkaJSConnectionError('Closed connection');
  const last = new KafkaJSNumberOfRetriesExceeded(first, { retryCount: 3, retryTime: 1 });
  return Object.assign(new KafkaJSNonRetriableError(last), { cause: first });
}

describe('errors of the clients', () => {
  const cases: [string, unknown, string, boolean | undefined][] = [
    ['a refused connection', new NetworkError('Connection failed.', { cause: refused() }), 'BUS_AWAY', true],
    [
      'one after retries',
      new MultipleErrors('gave up', [new NetworkError('x', { cause: refused() })]),
      'BUS_AWAY',
      true,
    ],
    ['a leader that moved', new ProtocolError('NOT_LEADER_OR_FOLLOWER'), 'BUS_AWAY', true],
    ['too few replicas', new ProtocolError('NOT_ENOUGH_REPLICAS'), 'BUS_AWAY', true],
    [
      'a wrong password',
      new AuthenticationError('x', { cause: new ProtocolError('SASL_AUTHENTICATION_FAILED') }),
      'BUS_LOGIN_REFUSED',
      false,
    ],
    [
      'a missing right',
      new MultipleErrors('x', [new ProtocolError('TOPIC_AUTHORIZATION_FAILED')]),
      'BUS_NOT_AUTHORISED',
      false,
    ],
    ['a huge record', new ProtocolError('MESSAGE_TOO_LARGE'), 'BUS_RECORD_TOO_LARGE', false],
    ['an unknown server error', new ProtocolError('UNKNOWN_SERVER_ERROR'), 'BUS_FAILED', undefined],
    ['a client that was used wrongly', new UserError('x'), 'BUS_FAILED', undefined],
    ['a bug', new TypeError('x is not a function'), 'BUS_FAILED', undefined],
    ['no error at all', 'text', 'BUS_FAILED', undefined],
    [
      'kafkajs without connection',
      new KafkaJSConnectionError('Connection timeout', { broker: 'b', code: 'ETIMEDOUT' }),
      'BUS_AWAY',
      true,
    ],
    ['kafkajs after retries', afterRetries(), 'BUS_AWAY', true],
    ['kafkajs without right', theirs('GROUP_AUTHORIZATION_FAILED', false), 'BUS_NOT_AUTHORISED', false],
    ['kafkajs with a wrong set-up', theirs('INVALID_SESSION_TIMEOUT', false), 'BUS_FAILED', undefined],
  ];
  for (const [what, error, code, retryable] of cases) {
    it(`${what}: ${code}`, () => {
      const known = busError(error, 'testing');
      assert.equal(known.code, code);
      assert.equal(known.retryable, retryable);
      assert.match(known.message, /^testing: /);
    });
  }

  it('of our own, however deep, stay what they are', () => {
    const own = new TiplineError('MINE', 'x', { retryable: false });
    assert.equal(busError(new Error('outer', { cause: own }), 'testing'), own);
  });

  it('that point at themselves come to an end', () => {
    const loop: Error = new Error('loop');
    loop.cause = loop;
    assert.equal(busError(loop, 'testing').code, 'BUS_FAILED');
  });
});

describe('what a failed heartbeat or commit says of our place', () => {
  const verdicts: [string, string][] = [
    ['REBALANCE_IN_PROGRESS', 'rebalance'],
    ['NOT_COORDINATOR_FOR_GROUP', 'rebalance'],
    ['ILLEGAL_GENERATION', 'gone'],
    ['UNKNOWN_MEMBER_ID', 'gone'],
    ['GROUP_AUTHORIZATION_FAILED', 'unknown'],
  ];
  for (const [type, verdict] of verdicts) {
    it(`${type}: ${verdict}`, () => assert.equal(placeVerdict(theirs(type, false)), verdict));
  }
  it('without connection: outage', () => {
    assert.equal(placeVerdict(new KafkaJSConnectionError('Not connected')), 'outage');
  });
});
