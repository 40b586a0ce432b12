import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type OpenDocument, openDocument, readerOf } from '../../../ingest/files/open-document.ts';
import { createTally } from '../../../ingest/tally.ts';

interface Source {
  bytes: AsyncIterable<Buffer>;
  left: boolean;
}

function source(content: Buffer, size: number): Source {
  const made: Source = { left: false, bytes: pieces() };
  async function* pieces(): AsyncGenerator<Buffer> {
    try {
      for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
    } finally {
      made.left = true;
    }
  }
  return made;
}

const opened = (content: Buffer, size = 1000, maxBytes = 1024 ** 3): Promise<OpenDocument> =>
  openDocument(source(content, size).bytes, { name: 'x', maxBytes });

async function all(bytes: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const list = Buffer.from(Array.from({ length: 20_000 }, (_, n) => `n${n}.example.org\n`).join(''));

test('what was read to recognise it is read again, packed or not, whatever the pieces', async () => {
  for (const content of [list, gzipSync(list), list.subarray(0, 30)]) {
    for (const size of [7, 65_536, 10_000_000]) {
      const document = await opened(content, size);
      assert.equal(document.recognition.format, 'lines');
      assert.ok(list.subarray(0, content.length < 100 ? 30 : undefined).equals(await all(document.bytes)));
    }
  }
  assert.match((await opened(Buffer.alloc(0))).recognition.reason, /empty/);
});

test('the source is let go when nobody wants the rest', async () => {
  for (const leave of [
    (document: OpenDocument) => document.close(),
    async (document: OpenDocument) => {
      for await (const _ of document.bytes) break;
    },
  ]) {
    const from = source(list, 1000);
    await leave(await openDocument(from.bytes, { name: 'x', maxBytes: 1e9 }));
    assert.ok(from.left);
  }
});

test('limits hold for what comes in and what comes out', async () => {
  await assert.rejects(async () => all((await opened(list, 1000, 100_000)).bytes), { code: 'FEED_TOO_LARGE' });
  await assert.rejects(async () => all((await opened(gzipSync(Buffer.alloc(30_000_000, 'a\n')))).bytes), {
    code: 'FEED_EXPANDS',
  });
  await assert.rejects(async () => all((await opened(gzipSync(list).subarray(0, 30_000))).bytes), {
    code: 'FEED_BROKEN_ENCODING',
  });
});

test('UTF-16 is read as any other text', async () => {
  const document = await opened(Buffer.from('\ufeff192.0.2.1\r\n192.0.2.2\r\n', 'utf16le'));
  assert.equal(document.recognition.format, 'lines');
  assert.ok(document.recognition.format !== undefined);
  const found: string[] = [];
  for await (const batch of readerOf(document.recognition)(document.bytes, createTally()))
    found.push(...batch.map(({ indicator }) => indicator));
  assert.deepEqual(found, ['192.0.2.1', '192.0.2.2']);
});
