import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createServer } from 'node:tls';
import { tlsOptions } from '../../../bus/kafka/tls.ts';
import { messageOf, TiplineError } from '../../../core/process/errors.ts';
import { tlsServer } from '../../../ingest/feeds/listening.ts';

const KEY = '-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n';

function refused(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TiplineError);
    assert.equal(error.code, code);
    assert.doesNotMatch(`${messageOf(error)} ${String(error.cause)}`, /c2VjcmV0|PRIVATE/);
    return true;
  };
}

test('a key that was pasted where a file is named comes back in no error', async () => {
  await assert.rejects(
    tlsServer({ cert: KEY, key: KEY }, (files) => createServer(files)),
    refused('FEED_TLS_FILES'),
  );
  assert.throws(() => tlsOptions({ key: KEY }), refused('BUS_TLS_FILE'));
  // as the configuration of the bus makes of it
  assert.throws(() => tlsOptions({ key: `/etc/tipline/${KEY}` }), refused('BUS_TLS_FILE'));
});
