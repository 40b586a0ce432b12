import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listText, wholeText } from '../../../ingest/formats/text.ts';

async function* pieces(...chunks: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield Buffer.from(chunk);
}

const read = (chunks: (string | Buffer)[], contentType = 'text/plain', allowHtmlType = false): Promise<string> =>
  wholeText(listText(pieces(...chunks), { contentType, allowHtmlType }), 1_000_000);

test('the byte order mark goes, also in pieces, and UTF-16 is recoded', async () => {
  assert.equal(await read(['\ufeffa\n']), 'a\n');
  assert.equal(await read([Buffer.from([0xef]), Buffer.from([0xbb]), Buffer.from([0xbf, 0x61])]), 'a');
  const wide = Buffer.from(`\ufeff${'1.2.3.4 ä\n'.repeat(300)}`, 'utf16le');
  assert.equal(await read([wide.subarray(0, 1501), wide.subarray(1501)]), '1.2.3.4 ä\n'.repeat(300));
  assert.equal(await read([Buffer.from(wide).swap16()]), '1.2.3.4 ä\n'.repeat(300));
});

test('a page is refused by its type and by its first bytes, however they come', async () => {
  const refused = { code: 'FEED_HTML_PAGE' };
  await assert.rejects(read(['1.2.3.4\n'], 'text/html; charset=utf-8'), refused);
  await assert.rejects(read(['<!DOCTYPE html><html>']), refused);
  await assert.rejects(read(['\ufeff\r\n  ', '<HT', 'ML lang="en">'], 'application/octet-stream'), refused);
  await assert.rejects(read(['<html>'], 'text/html', true), refused);
  assert.equal(await read(['1.2.3.4\n'], 'text/html', true), '1.2.3.4\n');
});

test('the type is judged before anything is read, and the source is let go', async () => {
  let left = false;
  async function* source(): AsyncGenerator<Buffer> {
    try {
      for (;;) yield Buffer.from('x\n');
    } finally {
      left = true;
    }
  }
  await assert.rejects(wholeText(listText(source(), { contentType: 'text/html', allowHtmlType: false }), 10), {
    code: 'FEED_HTML_PAGE',
  });
  assert.equal(left, true);
});

test('a document above the cap is refused', async () => {
  await assert.rejects(wholeText(pieces('12345', '67890'), 9), { code: 'FEED_TOO_LARGE' });
});
