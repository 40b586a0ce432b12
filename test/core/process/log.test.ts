import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import { errors } from '@elastic/elasticsearch';
import { TiplineError } from '../../../core/process/errors.ts';
import { createLog, LOG_LEVELS, type LogLevel, silentLog } from '../../../core/process/log.ts';

function written(level: LogLevel = 'debug'): { log: ReturnType<typeof createLog>; text(): string; lines(): unknown[] } {
  let text = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  return {
    log: createLog(level, destination),
    text: () => text,
    lines: () =>
      text
        .split('\n')
        .filter(Boolean)
        .map((line): unknown => JSON.parse(line)),
  };
}

const SECRET = 's3cret-value';

describe('the log', () => {
  it('writes one line of JSON with level, time, fields and sentence', () => {
    const { log, lines } = written();
    log.info({ topic: 'ioc.raw', records: 3, late: false, none: null }, 'read');
    const [line] = lines() as [Record<string, unknown>];
    const { time, ...rest } = line;
    assert.deepEqual(rest, { level: 'info', topic: 'ioc.raw', records: 3, late: false, none: null, msg: 'read' });
    assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });

  it('leaves out what is below its level', () => {
    const said = LOG_LEVELS.map((level) => {
      const { log, lines } = written(level);
      for (const each of ['debug', 'info', 'warn', 'error'] as const) log[each]({}, each);
      return lines().length;
    });
    assert.deepEqual(said, [4, 3, 2, 1, 0]);
  });

  it('gives the fields of a child to each of its lines', () => {
    const { log, lines } = written();
    const child = log.child({ role: 'enrich', password: SECRET }).child({ feed: 'a' });
    child.warn({ records: 1 }, 'x');
    const [{ role, feed, records, password }] = lines() as [Record<string, unknown>];
    assert.deepEqual(
      { role, feed, records, password },
      { role: 'enrich', feed: 'a', records: 1, password: '[hidden]' },
    );
  });

  it('never writes the request that a client error holds, wherever the error stands', () => {
    const error = new errors.ResponseError({
      body: { error: { type: 'mapper_parsing_exception', reason: 'failed to parse' }, status: 400 },
      statusCode: 400,
      headers: {},
      warnings: null,
      meta: {
        context: null,
        name: 'tipline',
        connection: null,
        attempts: 0,
        aborted: false,
        request: {
          params: { method: 'POST', path: '/_bulk', headers: { authorization: SECRET }, body: SECRET },
          options: {},
          id: 1,
        },
      },
    });
    for (const fields of [
      { error },
      { err: error },
      { reason: error },
      { deep: { list: [{ cause: error }] } },
      { error: new TiplineError('STORE_REJECTED', 'refused', { cause: error }) },
      error as unknown as Record<string, unknown>,
    ]) {
      const { log, text } = written();
      log.error(fields, 'cannot write');
      log.child(fields).error({}, 'cannot write');
      assert.ok(!text().includes(SECRET), text());
      assert.ok(!text().includes('"meta"'), text());
      assert.ok(!text().includes('stack'), text());
      assert.match(text(), /mapper_parsing_exception|refused/);
    }
  });

  it('hides secrets by the name of their field, at any depth and in any spelling', () => {
    const { log, text } = written();
    log.info(
      {
        password: SECRET,
        api_key: SECRET,
        apiKey: SECRET,
        'Api-Key': SECRET,
        Authorization: SECRET,
        smtp: `smtp://user:${SECRET}@mail`,
        config: { store: { nested: { password: SECRET, sasl: { password: SECRET } } } },
        feeds: [{ name: 'a', api_key: SECRET, headers: { 'X-Key': SECRET } }],
        tokens: new Map([['access_token', SECRET]]),
        auth: { user: 'u', pass: SECRET },
        client_secret: SECRET,
        private_key: SECRET,
        key: 12345678,
      },
      'configuration',
    );
    assert.ok(!text().includes(SECRET), text());
    assert.ok(!text().includes('12345678'), text());
    assert.match(text(), /"name":"a"/);
  });

  it('hides the credentials of URLs in fields, errors and the sentence', () => {
    const { log, text } = written();
    log.warn(
      { url: `https://elastic:${SECRET}@es:9200/x`, at: new URL(`smtp://u:${SECRET}@mail:25`) },
      `no https://${SECRET}@es`,
    );
    log.error({ error: new Error(`connect smtp://user:${SECRET}@mail:25 failed`) }, 'no mail');
    assert.ok(!text().includes(SECRET), text());
    assert.match(text(), /es:9200/);
    assert.match(text(), /smtp:\/\/\[hidden\]@mail:25 failed/);
  });

  it('stays small and whole, whatever it is given', () => {
    const circle: Record<string, unknown> = { name: 'x' };
    circle.self = circle;
    const { log, text, lines } = written();
    log.info(
      {
        circle,
        long: 'x'.repeat(1_000_000),
        many: Array.from({ length: 100_000 }, (_, index) => index),
        bytes: Buffer.alloc(100_000),
        wide: Object.fromEntries(Array.from({ length: 10_000 }, (_, index) => [`k${index}`, index])),
        big: 10n,
        when: new Date(0),
        never: new Date(Number.NaN),
        set: new Set(['a']),
        symbol: Symbol('x'),
        call: () => 1,
      },
      'x',
    );
    assert.ok(text().length < 20_000, String(text().length));
    const [line] = lines() as [Record<string, unknown>];
    assert.equal(line.bytes, '100000 bytes');
    assert.equal(line.big, '10');
    assert.equal(line.when, '1970-01-01T00:00:00.000Z');
    assert.equal(line.never, null);
    assert.deepEqual(line.set, ['a']);
    assert.ok(!('call' in line) && !('symbol' in line));
  });

  it('says nothing when it is silent', () => {
    silentLog.child({}).error({ error: new Error('x') }, 'x');
    assert.equal(silentLog.child({}), silentLog);
  });
});
