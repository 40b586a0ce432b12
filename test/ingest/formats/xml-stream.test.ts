import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TiplineError } from '../../../core/process/errors.ts';
import { createXmlStream, readXml, type XmlHandler, type XmlLimits } from '../../../ingest/formats/xml-stream.ts';

const XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"';

/** Writes down what it is told: `<name type>`, text, `</name>`. Pieces of one text are joined. */
function recorder(): XmlHandler & { events: string[]; longest: number } {
  const events: string[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') events.push(text);
    text = '';
  };
  const handler = {
    events,
    longest: 0,
    open({ name, type }: { name: string; type: string | undefined }) {
      flush();
      events.push(type === undefined ? `<${name}>` : `<${name} ${type}>`);
    },
    text(piece: string) {
      handler.longest = Math.max(handler.longest, piece.length);
      text += piece;
    },
    close(name: string) {
      flush();
      events.push(`</${name}>`);
    },
  };
  return handler;
}

function eventsOf(document: Buffer | string, cuts: readonly number[] = [], limits: XmlLimits = {}): string[] {
  const bytes = Buffer.from(document);
  const handler = recorder();
  const stream = createXmlStream(handler, limits);
  const places = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (const [index, from] of places.entries()) stream.write(bytes.subarray(from, places[index + 1]));
  stream.end();
  return handler.events;
}

function errorOf(run: () => void): TiplineError {
  try {
    run();
  } catch (error) {
    if (error instanceof TiplineError) return error;
    throw error;
  }
  assert.fail('nothing was thrown');
}

/** Writes a prefix and then the same piece again and again. */
function pour(head: string, piece: string, times: number): { longest: number } {
  const handler = recorder();
  let longest = 0;
  const stream = createXmlStream({
    open: handler.open,
    close: handler.close,
    text(more) {
      longest = Math.max(longest, more.length);
    },
  });
  stream.write(Buffer.from(head));
  const bytes = Buffer.from(piece);
  for (let time = 0; time < times; time += 1) stream.write(bytes);
  return { longest };
}

const KB = 'x'.repeat(1024);

describe('XML stream', () => {
  it('tells local names, and types without the prefix that the author chose', () => {
    assert.deepEqual(
      eventsOf(
        `<a:r xmlns:a="urn:a" ${XSI}><a:b xsi:type="a:FileObjectType" id="1">x</a:b><c xsi:type="Plain"/></a:r>`,
      ),
      ['<r>', '<b FileObjectType>', 'x', '</b>', '<c Plain>', '</c>', '</r>'],
    );
  });

  it('takes for a type what the declared prefix says, not what a prefix is usually called', () => {
    assert.deepEqual(
      eventsOf('<r xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsi="urn:x" i:type="a:A" xsi:type="B"/>'),
      ['<r A>', '</r>'],
    );
  });

  it('gives attributes as they are written, and their length', () => {
    const tags: unknown[] = [];
    const stream = createXmlStream({
      open: ({ attributes, length, line }) => tags.push([{ ...attributes }, length, line]),
      text() {},
      close() {},
    });
    stream.write(Buffer.from('<r a="1"\n b="&lt;&#x41;"><__proto__ constructor="c"/></r>'));
    stream.end();
    assert.deepEqual(tags, [
      [{ a: '1', b: '<A' }, 5, 2],
      [{ constructor: 'c' }, 12, 2],
    ]);
  });

  it('tells text and CDATA alike, and leaves comments and instructions out', () => {
    assert.deepEqual(eventsOf('<?xml version="1.0"?><!-- c --><r>a&amp;<![CDATA[<b>&amp;]]><!-- d -->c<?e f?></r>'), [
      '<r>',
      'a&<b>&amp;c',
      '</r>',
    ]);
  });

  it('does not mind where the bytes are cut', () => {
    const document = `<?xml version="1.0" encoding="utf-8"?>\r\n<a:r xmlns:a="urn:a" ${XSI}>\r\n<a:b xsi:type="a:T" k="&quot;ü€😀">tëxt 😀 &#128512;]]&gt;<![CDATA[]] ]]]><!-- -ü- -->\r</a:b></a:r>`;
    const whole = eventsOf(document);
    fc.assert(
      fc.property(fc.array(fc.nat()), (cuts) => {
        assert.deepEqual(eventsOf(document, cuts), whole);
      }),
    );
  });

  it('forgets a declaration where its element ends', () => {
    const error = errorOf(() => eventsOf('<r><b xmlns:p="urn:p"><p:c/></b>\n<p:d/></r>'));
    assert.equal(error.code, 'FEED_XML_BROKEN');
    assert.match(error.message, /prefix p is not declared.* at 2:/);
    assert.deepEqual(eventsOf('<r xmlns:p="urn:1"><b xmlns:p="urn:2"/><p:c/></r>').length, 6);
  });

  describe('refuses', () => {
    const nested = `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`;
    const bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>';
    const cases: [string, string, string, RegExp][] = [
      ['a DTD with entities', bomb, 'FEED_XML_HOSTILE', /DTD.* at 1:/],
      ['a DTD elsewhere', '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', 'FEED_XML_HOSTILE', /DTD/],
      ['an entity that is not of XML', '<a>\n&nbsp;</a>', 'FEED_XML_BROKEN', /undefined entity, at 2:/],
      ['an entity that objects have by nature', '<a>&constructor;</a>', 'FEED_XML_BROKEN', /undefined entity/],
      ['deep nesting', nested, 'FEED_XML_HOSTILE', /more than 256 elements, at 1:/],
      ['a prefix that is not declared', '<p:a/>', 'FEED_XML_BROKEN', /prefix p is not declared/],
      ['the same of an attribute', '<a p:b="c"/>', 'FEED_XML_BROKEN', /prefix p is not declared/],
      ['what was cut off', '<a>\n<b>', 'FEED_XML_BROKEN', /cut off.* at 2:/],
      ['tags that do not match', '<a><b></a>', 'FEED_XML_BROKEN', /not well-formed/],
      ['two roots', '<a/><a/>', 'FEED_XML_BROKEN', /not well-formed/],
      ['nothing', '', 'FEED_XML_BROKEN', /not well-formed/],
      ['no XML', '{"type":"bundle"}', 'FEED_XML_BROKEN', /not well-formed/],
      ['control characters', '<a>\u0001</a>', 'FEED_XML_BROKEN', /not well-formed/],
    ];
    for (const [name, document, code, message] of cases) {
      it(name, () => {
        const error = errorOf(() => eventsOf(document));
        assert.equal(error.code, code);
        assert.match(error.message, message);
        assert.equal(error.retryable, code === 'FEED_XML_BROKEN');
      });
    }

    it('text in the message that a terminal would obey', () => {
      const error = errorOf(() => eventsOf('<a xmlns:b="c"><\u009b31m></a>'));
      assert.doesNotMatch(error.message, /\u009b/);
    });
  });

  describe('ends an endless', () => {
    const cases: [string, string, string][] = [
      ['tag', '<a b="', KB],
      ['row of attributes', '<a', ` ${KB}="" `],
      ['name', '<a', KB],
      ['entity', '<a>&', KB],
      ['DTD', '<!DOCTYPE a [', KB],
      ['instruction', '<a><?b ', KB],
      ['row of blanks before the document', '', ' '.repeat(1024)],
    ];
    for (const [name, head, piece] of cases) {
      it(name, () => {
        // names of attributes must differ
        let times = 0;
        const error = errorOf(() => {
          const stream = createXmlStream(recorder());
          stream.write(Buffer.from(head));
          for (; times < 10_000; times += 1) stream.write(Buffer.from(piece.replace('x', `x${times}`)));
        });
        assert.equal(error.code, 'FEED_XML_HOSTILE');
        assert.ok(times < 1200, `${times} KB were taken`);
      });
    }
  });

  describe('hands on in pieces an endless', () => {
    const cases: [string, string][] = [
      ['text', '<a>'],
      ['CDATA section', '<a><![CDATA['],
      ['comment', '<a><!--'],
    ];
    for (const [name, head] of cases) {
      it(name, () => {
        const { longest } = pour(head, KB.repeat(64), 200);
        assert.ok(longest <= 130 * 1024, `a piece of ${longest} characters`);
      });
    }
  });

  describe('reads', () => {
    const text = '<?xml version="1.0"?><a>é€</a>';
    const utf16 = Buffer.from(text, 'utf16le');
    const cases: [string, Buffer, string][] = [
      ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${text}`), 'é€'],
      ['UTF-16, little end first, with a mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]), 'é€'],
      ['UTF-16, little end first, without', utf16, 'é€'],
      ['UTF-16, big end first', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()]), 'é€'],
      ['Latin-1', Buffer.from('<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>', 'latin1'), 'é'],
      ['Windows-1252', Buffer.from('<?xml version="1.0" encoding="windows-1252"?><a>\x80</a>', 'latin1'), '€'],
      ['what was recoded and still says UTF-16', Buffer.from('<?xml version="1.0" encoding="UTF-16"?><a>é€</a>'), 'é€'],
      ['broken UTF-8 with replacements', Buffer.from('<a>\xe9b</a>', 'latin1'), '\ufffdb'],
    ];
    for (const [name, bytes, expected] of cases) {
      it(name, () => {
        const cuts = Array.from({ length: bytes.length }, (_, at) => at);
        assert.equal(eventsOf(bytes)[1], expected);
        assert.equal(eventsOf(bytes, cuts)[1], expected);
      });
    }

    it('no encoding that nobody knows', () => {
      const error = errorOf(() => eventsOf('<?xml version="1.0" encoding="klingon"?><a/>'));
      assert.equal(error.code, 'FEED_XML_ENCODING');
    });
  });

  it('reads a document that comes as text', () => {
    const handler = recorder();
    const stream = createXmlStream(handler);
    for (const piece of ['<?xml version="1.0" encoding="UTF-16"?><a>\ud83d', '\ude00</', 'a>']) stream.writeText(piece);
    stream.end();
    assert.deepEqual(handler.events, ['<a>', '😀', '</a>']);
  });

  it('lets an error of the handler through as it is', () => {
    const own = new RangeError('mine');
    const stream = createXmlStream({
      open() {
        throw own;
      },
      text() {},
      close() {},
    });
    assert.throws(
      () => {
        stream.write(Buffer.from('<a/>'));
        stream.end();
      },
      (error) => error === own,
    );
  });
});

describe('a whole XML document', () => {
  async function* chunks(...texts: string[]): AsyncGenerator<Buffer> {
    for (const text of texts) yield Buffer.from(text);
  }

  /** Names of closed elements, handed out two at a time. */
  function closed(): { handler: XmlHandler; take: () => string[]; most: () => number } {
    const names: string[] = [];
    let most = 0;
    return {
      handler: {
        open() {},
        text() {},
        close(name) {
          names.push(name);
          most = Math.max(most, names.length);
        },
      },
      take: () => names.splice(0, 2),
      most: () => most,
    };
  }

  it('is handed on as it is read, whatever the size of the chunks', async () => {
    const { handler, take, most } = closed();
    const batches: string[][] = [];
    const one = `<a>${'<b/>'.repeat(100_000)}</a>`;
    for await (const batch of readXml(chunks(one), handler, take)) batches.push(batch);
    assert.equal(batches.flat().length, 100_001);
    assert.ok(batches.every((batch) => batch.length > 0 && batch.length <= 2));
    assert.ok(most() < 20_000, `${most()} were waiting`);
  });

  it('gives what came before an error, then the error', async () => {
    const { handler, take } = closed();
    const got: string[] = [];
    await assert.rejects(
      async () => {
        for await (const batch of readXml(chunks('<a><b/><c/>', '<d/><e>'), handler, take)) got.push(...batch);
      },
      { code: 'FEED_XML_BROKEN' },
    );
    assert.deepEqual(got, ['b', 'c', 'd']);
  });
});
