import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { codeOf, messageOf, TiplineError } from '../../../core/process/errors.ts';
import { freePort } from '../../services/free-port.ts';

describe('TiplineError', () => {
  it('knows the three answers to a failure', () => {
    assert.equal(new TiplineError('A', 'a', { retryable: true }).retryable, true);
    assert.equal(new TiplineError('A', 'a', { retryable: false }).retryable, false);
    assert.equal(new TiplineError('A', 'a').retryable, undefined);
    assert.ok(!('cause' in new TiplineError('A', 'a', { retryable: true })));
  });
});

describe('codeOf', () => {
  it('takes our codes and those of Node, and has one for the rest', () => {
    assert.equal(codeOf(new TiplineError('STORE_AWAY', 'x')), 'STORE_AWAY');
    assert.equal(codeOf(Object.assign(new Error('x'), { code: 'ECONNREFUSED' })), 'ECONNREFUSED');
    for (const thrown of [
      new Error('x'),
      Object.assign(new Error('x'), { code: 5 }),
      'x',
      null,
      undefined,
      { code: 'X' },
    ])
      assert.equal(codeOf(thrown), 'UNKNOWN');
  });
});

describe('messageOf', () => {
  it('tells the causes, each once', () => {
    const refused = new Error('connect ECONNREFUSED 127.0.0.1:9200');
    assert.equal(
      messageOf(new TiplineError('A', 'the store is away', { cause: refused })),
      'the store is away: connect ECONNREFUSED 127.0.0.1:9200',
    );
    assert.equal(
      messageOf(new TiplineError('A', `the store is away (${refused.message})`, { cause: refused })),
      'the store is away (connect ECONNREFUSED 127.0.0.1:9200)',
    );
  });

  it('ends with causes that go round in a circle', () => {
    const a = new Error('a');
    a.cause = new Error('b', { cause: a });
    assert.equal(messageOf(a), 'a: b');
  });

  it('puts the reason behind a whole sentence into brackets', () => {
    const cause = new Error('b', { cause: new Error('c') });
    assert.equal(
      messageOf(new TiplineError('A', 'Set it to another, or to off.', { cause })),
      'Set it to another, or to off (b: c)',
    );
  });

  it('reads nothing of an error but its message', () => {
    const error = Object.assign(new Error('mapping refused'), {
      meta: { meta: { request: { params: { headers: { authorization: 'Bearer s3cret' }, body: 'documents' } } } },
      config: { password: 's3cret' },
    });
    assert.equal(messageOf(error), 'mapping refused');
  });

  it('says why no address of a host could be reached', async () => {
    const port = await freePort();
    const error = await new Promise((resolve) => {
      connect({ host: 'localhost', port, autoSelectFamily: true }).once('error', resolve);
    });
    assert.match(messageOf(error), /ECONNREFUSED/);
    assert.match(messageOf(new AggregateError([new Error('one'), new Error('two')])), /^one$/);
    assert.equal(messageOf(new AggregateError([])), 'AggregateError');
  });

  it('takes anything that can be thrown', () => {
    assert.equal(messageOf('just text'), 'just text');
    assert.equal(messageOf(undefined), 'no reason was given');
    assert.equal(messageOf(Object.create(null)), 'something that is no error was thrown');
    assert.equal(messageOf(new Error('x', { cause: Symbol('y') })), 'x: Symbol(y)');
    assert.equal(messageOf(new TypeError()), 'TypeError');
    fc.assert(
      fc.property(
        fc.anything({ withNullPrototype: true, withSymbol: true } as object),
        (thrown) => typeof messageOf(thrown) === 'string',
      ),
    );
  });

  it('cuts what others wrote and leaves a list of our own findings whole', () => {
    assert.equal(messageOf(new Error('x'.repeat(5000))).length, 401);
    const findings = Array.from(
      { length: 20 },
      (_, line) => `tipline.yaml:${line}: feeds.0.url: must be an http or https URL`,
    );
    assert.equal(messageOf(new TiplineError('CONFIG_INVALID', findings.join('\n'))), findings.join('\n'));
    assert.ok(messageOf(new TiplineError('A', 'x'.repeat(50_000))).length < 10_000);
  });

  it('holds nothing that a terminal obeys', () => {
    assert.equal(messageOf(new Error('a\u001b[2Jb\r\nc\u2028d\u009be')), 'a [2Jb  c d e');
  });

  it('hides the credentials of URLs, also where they are cut', () => {
    assert.equal(
      messageOf(new TiplineError('A', 'cannot reach smtp://user:p4ss@mail.example.org:587')),
      'cannot reach smtp://[hidden]@mail.example.org:587',
    );
    for (let before = 360; before < 402; before += 1) {
      const told = messageOf(new Error(`${'x'.repeat(before)}https://elastic:p4ss@es:9200/ is away`));
      assert.ok(!told.includes('p4'), told);
    }
    const long = messageOf(
      new Error(`https://u:${'p'.repeat(700)}@es:9200 and then https://elastic:${'q4'.repeat(100)}@es`),
    );
    assert.ok(!long.includes('q4'), long);
  });
});
