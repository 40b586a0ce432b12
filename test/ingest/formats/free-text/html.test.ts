import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { htmlText } from '../../../../ingest/formats/free-text/html.ts';
import { htmlRecords } from '../../../../ingest/formats/free-text/text.ts';
import { named, type Reading, readDocument } from '../reading.ts';

const read = (page: string, ...sizes: number[]): Promise<Reading> =>
  readDocument((bytes, tally) => htmlRecords(bytes, {}, tally), page, ...sizes);

async function finds(page: string, ...wanted: string[]): Promise<void> {
  assert.deepEqual(named((await read(page)).records), wanted, page);
}

test('elements within a word do not cut it, others do', async () => {
  await finds('<p>evil<b>[.]</b>exam<wbr>ple<span class="x">[.]</span>test<sup>1</sup>', 'domain evil.example.test');
  await finds(
    '<td>203.0.113.1</td><td>203.0.113.2<br>203.0.113.3<li>203.0.113.4',
    'ip 203.0.113.1',
    'ip 203.0.113.2',
    'ip 203.0.113.3',
    'ip 203.0.113.4',
  );
  await finds(
    '<tr><td>imphash</td>\n  <td>9e107d9d372bb6826bd81d3542a419d6</td>',
    'imphash 9e107d9d372bb6826bd81d3542a419d6',
  );
});

test('where links lead counts, whole and without the words around', async () => {
  await finds(
    'see <a class=x href="http://example.net/x?a=1&amp;b=2">the li</a>nk, 203.0.113.4',
    'url http://example.net/x?a=1&b=2',
    'ip 203.0.113.4',
  );
  await finds(
    "<a href='mailto:user@example.com?subject=x'>u</a><a href=https://example.org/u>v</a><a href=/own/page>w</a><A title='a > b' HREF = http://example.net >",
    'email user@example.com',
    'url https://example.org/u',
    'url http://example.net',
  );
  await finds(
    '<link href="https://cdn.example.com/x.css"><img src="https://cdn.example.com/y.png"><abbr href="http://no.example.com">',
  );
  await finds(
    'evil[.]<a href="http://example.net/">example</a>[.]test',
    'domain evil.example.test',
    'url http://example.net/',
  );
});

test('references are replaced, in the text and in links', async () => {
  await finds(
    'evil&#46;example&period;org x&#x5b;&#46;&rsqb;test&nbsp;user&commat;example.com &unknown; &#0;',
    'domain evil.example.org',
    'domain x.test',
    'email user@example.com',
  );
});

test('comments, scripts and styles are left out, also when they never end', async () => {
  await finds(
    '<!-- http://a.test/ --><script>var a = "http://b.test/ </b>";</SCRIPT ><style>@import "http://c.test/"</style>http://d.test/<!-- http://e.test/',
    'url http://d.test/',
  );
  await finds('<script>http://b.test/ </scriptx> http://c.test/');
});

test('what is no tag is text', async () => {
  await finds('1 < 2, a <- 203.0.113.1 <3 <', 'ip 203.0.113.1');
  // a quote that is never closed makes no tag of the rest of the page
  const { records } = await read(`<a href="http://example.net/>${'x '.repeat(40_000)} 203.0.113.9`);
  assert.ok(named(records).includes('ip 203.0.113.9'));
});

test('lines are those of the document', async () => {
  const { skipped } = await read('<html\n>\n<!--\n\n-->\n<p\nclass=x>setup[.]exe\n<script>\n\n</script>\nother[.]exe');
  assert.deepEqual(
    skipped.map((each) => each.split(':')[0]),
    ['7', '11'],
  );
});

test('the pieces in which it comes make no difference', async () => {
  const parts = fc.constantFrom(
    '<',
    '>',
    '<b>',
    '</b>',
    '<p>',
    '<!--',
    '-->',
    '<script>',
    '</script>',
    '<a href="http://example.net/1">',
    '</a>',
    '&amp;',
    '&',
    '&#46;',
    ';',
    '"',
    "'",
    '=',
    'evil[.]test',
    '203.0.113.7',
    ' ',
    '\n',
    'word',
    '<a href=',
    '\u00e4',
    '\ud83d\ude00',
    '</',
    '<!',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { maxLength: 40 }), fc.integer({ min: 1, max: 5 }), async (page, size) => {
      const text = page.join('');
      assert.equal(await textOf(text, size), await textOf(text, text.length + 1));
      assert.deepEqual(await read(text, size), await read(text));
    }),
    { numRuns: 400 },
  );
});

async function textOf(page: string, size: number): Promise<string> {
  async function* pieces(): AsyncGenerator<string> {
    for (let at = 0; at < page.length; at += size) yield page.slice(at, at + size);
  }
  let text = '';
  for await (const piece of htmlText(pieces())) text += piece;
  return text;
}

test('hostile pages cost time by their length alone', async () => {
  for (const unit of [
    '<a',
    '<a href="',
    '<a href=">',
    '<',
    '&',
    '&#',
    '<!--',
    '<script>',
    '</script',
    '<a href=http://a.b/>',
    '<b>',
    '<a ',
    "<a x='",
    '<p x=',
  ]) {
    const began = performance.now();
    await read(unit.repeat(Math.ceil(1_000_000 / unit.length)), 65_536);
    const took = performance.now() - began;
    assert.ok(took < 8000, `${unit}: ${took.toFixed(0)} ms`);
  }
});
