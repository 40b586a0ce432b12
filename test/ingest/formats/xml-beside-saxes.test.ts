import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { SaxesParser } from 'saxes';
import { createXmlStream } from '../../../ingest/formats/xml-stream.ts';

/*
 * saxes follows XML 1.0 to the letter. Both read the same documents, whole ones and ones with a mistake in them: they must agree on which are well-formed, and
 * on what is in those. Where we are stricter, it is said below.
 */

interface Told {
  events: string[];
  refused: boolean;
}

/** `<name attributes>`, text, `</name>`; pieces of one text are joined. */
function recorder() {
  const events: string[] = [];
  let text = '';
  const flush = (): void => {
    if (text !== '') events.push(`"${text}`);
    text = '';
  };
  return {
    events,
    open(name: string, attributes: Readonly<Record<string, string>>) {
      flush();
      // declarations are told of by what they do
      const told = Object.entries(attributes).filter(([key]) => !key.startsWith('xmlns:'));
      events.push(`<${name} ${JSON.stringify(told)}`);
    },
    text(piece: string) {
      text += piece;
    },
    close(name: string) {
      flush();
      events.push(`>${name}`);
    },
  };
}

const localOf = (name: string): string => name.slice(name.indexOf(':') + 1);

function ours(document: string, size: number): Told {
  const { events, open, text, close } = recorder();
  const stream = createXmlStream({ open: (tag) => open(tag.name, tag.attributes), text, close });
  try {
    for (let at = 0; at < document.length; at += size) stream.writeText(document.slice(at, at + size));
    stream.end();
    return { events, refused: false };
  } catch {
    return { events, refused: true };
  }
}

/** `strange`: a name has colons where namespaces have none, which is no concern of XML 1.0, nor of ours. */
function theirs(document: string): Told & { strange: boolean } {
  const { events, open, text, close } = recorder();
  const parser = new SaxesParser({ xmlns: true });
  let refused = false;
  let strange = false;
  let depth = 0;
  parser.on('error', ({ message }) => {
    refused = true;
    strange ||= /malformed name/.test(message);
  });
  // we take no document with a DTD
  parser.on('doctype', () => {
    refused = true;
  });
  parser.on('opentag', ({ name, attributes }) => {
    depth += 1;
    open(localOf(name), Object.fromEntries(Object.entries(attributes).map(([key, { value }]) => [key, value])));
  });
  const within = (piece: string): void => {
    if (depth > 0) text(piece);
  };
  parser.on('text', within);
  parser.on('cdata', within);
  parser.on('closetag', ({ name }) => {
    depth -= 1;
    close(localOf(name));
  });
  parser.write(document);
  parser.close();
  return { events, refused, strange };
}

const name = fc.constantFrom('a', 'b', 'x:c', 'Indicator', 'é', '_d.e-1', 'x:a');
const blank = fc.constantFrom('', '', ' ', '\n', '\t', '\r\n', '\r', '  ');
const some = fc.constantFrom(' ', '\n ', '\t', '\r\n');
const reference = fc.constantFrom(
  '&amp;',
  '&lt;',
  '&gt;',
  '&quot;',
  '&apos;',
  '&#65;',
  '&#x41;',
  '&#x1F600;',
  '&#13;',
  '&#0010;',
);
const characters = fc.constantFrom(
  'text',
  'é€',
  '😀',
  ' ',
  '\n',
  '\r\n',
  '\t',
  ' >',
  ']',
  ']]',
  '"',
  "'",
  '-',
  '=',
  '/',
  '?',
);
const text = fc
  .array(fc.oneof({ weight: 4, arbitrary: characters }, reference), { maxLength: 5 })
  .map((all) => all.join(''));
const value = fc.oneof(
  text.map((inside) => `"${inside.replaceAll('"', '')}"`),
  text.map((inside) => `'${inside.replaceAll("'", '')}'`),
);
const attributes = fc
  .uniqueArray(fc.tuple(name, value, some, blank, blank), { selector: ([key]) => key, maxLength: 4 })
  .map((all) => all.map(([key, inside, before, left, right]) => `${before}${key}${left}=${right}${inside}`).join(''));
const comment = fc.constantFrom('<!-- c -->', '<!---->', '<!-- a - b > ]]> & < -->');
const instruction = fc.constantFrom('<?b?>', '<?b c="d" ? > ?>', '<?x-y &?>');
const section = fc.constantFrom('<![CDATA[]]>', '<![CDATA[<a>&b;]]>', '<![CDATA[]] ]]]]>', '<![CDATA[\r\n]]>');

const { element } = fc.letrec<{ element: string; inside: string }>((tie) => ({
  inside: fc.oneof({ depthSize: 'small' }, text, comment, instruction, section, tie('element'), tie('element')),
  element: fc
    .tuple(name, attributes, blank, blank, fc.array(tie('inside'), { maxLength: 4 }), fc.boolean())
    .map(([called, with_, left, right, inside, closed]) =>
      closed ? `<${called}${with_}${left}/>` : `<${called}${with_}${left}>${inside.join('')}</${called}${right}>`,
    ),
}));

const misc = fc.array(fc.oneof(comment, instruction, some), { maxLength: 2 }).map((all) => all.join(''));
const declaration = fc.constantFrom(
  '',
  '\ufeff',
  '<?xml version="1.0"?>',
  "<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>",
);
const document = fc
  .tuple(declaration, misc, element, misc)
  .map(([first, before, root, behind]) => `${first}${before}<r xmlns:x="urn:x">${root}</r>${behind}`);

/** What to put into a document, or nothing: then what stood there is taken out. */
const damage = fc.tuple(
  fc.nat(),
  fc.nat({ max: 3 }),
  fc.oneof(
    fc.constantFrom(
      '',
      '<',
      '>',
      '&',
      '"',
      "'",
      '/',
      '=',
      '!',
      '?',
      ']]>',
      '--',
      '&b;',
      '&#0;',
      '&#xD800;',
      '\u0001',
      ' ',
      '<a',
      '</a>',
      '<!',
      '<?',
      '<?xml version="1.0"?>',
      '<![CDATA[',
      '<!--',
      '<y:b/>',
      'x:',
    ),
    fc.string({ maxLength: 3 }),
  ),
);

const sizes = fc.constantFrom(1, 2, 3, 7, 1000);

/**
 * Instructions that are left out: saxes takes no colon in their names, which is a matter of namespaces, and does without the blank behind them that
 * XML 1.0 wants (production 16).
 */
const LENIENT = /<\?[^\s?>]+\?[^>]|<\?[^\s?>]*:/;

describe('XML beside saxes', () => {
  it('finds the same in whole documents, wherever they are cut', () => {
    fc.assert(
      fc.property(document, sizes, (written, size) => {
        const { events, refused } = theirs(written);
        assert.equal(refused, false, 'the test writes what is no XML');
        assert.deepEqual(ours(written, size), { events, refused });
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses the same of damaged documents, and finds the same in the others', () => {
    let refused = 0;
    fc.assert(
      fc.property(document, damage, sizes, (written, [place, length, sign], size) => {
        const at = place % (written.length + 1);
        const damaged = written.slice(0, at) + sign + written.slice(at + length);
        fc.pre(damaged.isWellFormed() && !LENIENT.test(damaged));
        const expected = theirs(damaged);
        fc.pre(!expected.strange);
        const found = ours(damaged, size);
        if (expected.refused) refused += 1;
        assert.equal(found.refused, expected.refused, damaged);
        if (!expected.refused) assert.deepEqual(found.events, expected.events);
      }),
      { numRuns: 6000 },
    );
    assert.ok(refused > 1000, `only ${refused} of the documents were broken`);
  });
});
