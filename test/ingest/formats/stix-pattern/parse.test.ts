import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MOST_PATTERN_LENGTH, parsePattern } from '../../../../ingest/formats/stix-pattern/parse.ts';
import { printPattern } from '../../../../ingest/formats/stix-pattern/print.ts';
import type { Comparison, Literal, ObjectPath, Observation } from '../../../../ingest/formats/stix-pattern/tree.ts';

function treeOf(text: string): Observation {
  const parsed = parsePattern(text);
  assert.ok(parsed.ok, `${text}: ${parsed.ok ? '' : parsed.message}`);
  return parsed.pattern;
}

/** The comparison of a pattern that is one bracket. */
function testOf(text: string): Comparison {
  const tree = treeOf(text);
  assert.equal(tree.kind, 'bracket', text);
  return (tree as Observation & { kind: 'bracket' }).test;
}

function literalOf(source: string): Literal {
  const test = testOf(`[a:b = ${source}]`);
  assert.equal(test.kind, 'compare');
  return (test as Comparison & { kind: 'compare' }).value;
}

function pathOf(source: string): ObjectPath {
  return (testOf(`[${source} = 1]`) as Comparison & { kind: 'compare' }).path;
}

const key = (name: string): { kind: 'key'; name: string } => ({ kind: 'key', name });

describe('literals', () => {
  it('are kept exactly, in one spelling', () => {
    const vectors: [source: string, literal: Literal][] = [
      ["''", { kind: 'string', text: '' }],
      [String.raw`'it\'s C:\\temp'`, { kind: 'string', text: String.raw`it's C:\temp` }],
      [String.raw`'\\\''`, { kind: 'string', text: String.raw`\'` }],
      ['\'// "no" comment /* here */\'', { kind: 'string', text: '// "no" comment /* here */' }],
      ["'two\nlines 🦠'", { kind: 'string', text: 'two\nlines 🦠' }],
      ['0', { kind: 'integer', text: '0' }],
      ['-0', { kind: 'integer', text: '-0' }],
      ['+12', { kind: 'integer', text: '12' }],
      ['123456789012345678901234567890', { kind: 'integer', text: '123456789012345678901234567890' }],
      ['7.0', { kind: 'float', text: '7.0' }],
      ['.5', { kind: 'float', text: '0.5' }],
      ['-.5', { kind: 'float', text: '-0.5' }],
      ['+007.50', { kind: 'float', text: '7.50' }],
      ['true', { kind: 'boolean', value: true }],
      ['false', { kind: 'boolean', value: false }],
      ["t'2016-12-31T23:59:60Z'", { kind: 'timestamp', text: '2016-12-31T23:59:60Z' }],
      ["t'2024-02-30T00:00:00.1234567Z'", { kind: 'timestamp', text: '2024-02-30T00:00:00.1234567Z' }],
      ["h'FFd8'", { kind: 'hex', digits: 'ffd8' }],
      ["h''", { kind: 'hex', digits: '' }],
      ["b'dGlw'", { kind: 'binary', base64: 'dGlw' }],
      ["b'dGk='", { kind: 'binary', base64: 'dGk=' }],
      ["b'+/+/dA=='", { kind: 'binary', base64: '+/+/dA==' }],
    ];
    for (const [source, literal] of vectors) assert.deepEqual(literalOf(source), literal, source);
  });

  it('are refused where they begin, a string at its wrong escape', () => {
    const vectors: [source: string, offset: number, message: RegExp][] = [
      ["'open", 0, /no closing quote/],
      [String.raw`'open\'`, 0, /no closing quote/],
      [String.raw`'C:\temp'`, 3, /not before 't'/],
      ['007', 0, /leading zeros/],
      ['-01', 0, /leading zeros/],
      ["t'2024-13-01T00:00:00Z'", 0, /a time is written/],
      ["t'2024-00-01T00:00:00Z'", 0, /a time is written/],
      ["t'2024-01-32T00:00:00Z'", 0, /a time is written/],
      ["t'2024-01-01T24:00:00Z'", 0, /a time is written/],
      ["t'2024-01-01T00:60:00Z'", 0, /a time is written/],
      ["t'2024-01-01T00:00:61Z'", 0, /a time is written/],
      ["t'2024-01-01T00:00:00'", 0, /a time is written/],
      ["t'2024-01-01T00:00:00.Z'", 0, /a time is written/],
      ["t'2024-01-01T00:00:00+01:00'", 0, /a time is written/],
      ["t'2024", 0, /no closing quote/],
      ["h'abc'", 0, /hex/],
      ["h'zz'", 0, /hex/],
      ["b'===='", 0, /base 64/],
      ["b'A'", 0, /base 64/],
      ["b'A==='", 0, /base 64/],
      ['"text"', 0, /'"' has no meaning/],
      ["x'00'", 0, /found 'x'/],
      ['True', 0, /found 'True'/],
      ['🦠', 0, /'🦠' has no meaning/],
      ['5.', 1, /expected ']' but found '\.'/],
      ['', 0, /expected a value .* but found ']'/],
    ];
    for (const [source, offset, message] of vectors) refused(`[a:b = ${source}]`, 7 + offset, message);
    refused("[a:b = 'open\\", 7, /no closing quote/);
  });
});

describe('object paths', () => {
  it('have keys, quoted keys, indexes and stars', () => {
    assert.deepEqual(pathOf("x-usb:a_1.'b-c'[0].d[*][12]"), {
      object: 'x-usb',
      steps: [
        key('a_1'),
        key('b-c'),
        { kind: 'index', index: '0' },
        key('d'),
        { kind: 'any' },
        { kind: 'index', index: '12' },
      ],
    });
    assert.deepEqual(pathOf("a:'first quoted'"), { object: 'a', steps: [key('first quoted')] });
    assert.deepEqual(pathOf(String.raw`a:'it\'s'.'AND'.'__proto__'`), {
      object: 'a',
      steps: [key("it's"), key('AND'), key('__proto__')],
    });
    assert.deepEqual(pathOf('_a:b[-1]'), { object: '_a', steps: [key('b'), { kind: 'index', index: '-1' }] });
  });

  it('may have white space and comments inside, as everything may', () => {
    assert.deepEqual(pathOf('a /* x */ : b . c [ 1 ]'), pathOf('a:b.c[1]'));
  });

  it('take a hyphen without quotes, which is common and has no other meaning', () => {
    assert.deepEqual(pathOf('file:hashes.SHA-256'), pathOf("file:hashes.'SHA-256'"));
  });

  it('are refused at the step that is none', () => {
    refused('[file.size = 1]', 5, /expected ':' but found '\.'/);
    refused("['file':size = 1]", 1, /expected a comparison but found the value 'file'/);
    refused('[file: = 1]', 7, /expected the name of a property but found '='/);
    refused('[file:a. = 1]', 9, /expected the name of a property but found '='/);
    refused('[file:a..b = 1]', 8, /expected the name of a property but found '\.'/);
    refused('[file:AND = 1]', 6, /expected the name of a property but found 'AND'/);
    refused('[file:[0] = 1]', 6, /expected the name of a property but found '\['/);
    refused('[file:a[] = 1]', 8, /expected a whole number or '\*' but found ']'/);
    refused('[file:a[1.5] = 1]', 8, /expected a whole number or '\*' but found '1\.5'/);
    refused('[file:a[1 = 1]', 10, /expected ']' but found '='/);
    refused('[file:a:b = 1]', 7, /expected a comparison operator but found ':'/);
    refused(`[file:a${'.b'.repeat(101)} = 1]`, 1, /more than 100 steps/);
  });
});

describe('comparisons', () => {
  const path = pathOf('a:b');
  const one: Literal = { kind: 'integer', text: '1' };

  it('know every operator, plain and negated', () => {
    for (const [source, operator] of [
      ['=', '='],
      ['==', '='],
      ['!=', '!='],
      ['<>', '!='],
      ['<', '<'],
      ['<=', '<='],
      ['>', '>'],
      ['>=', '>='],
    ] as const) {
      assert.deepEqual(testOf(`[a:b${source}1]`), { kind: 'compare', path, negated: false, operator, value: one });
      assert.deepEqual(testOf(`[a:b NOT ${source}1]`), { kind: 'compare', path, negated: true, operator, value: one });
    }
    for (const operator of ['LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET'] as const) {
      assert.deepEqual(testOf(`[a:b ${operator}'x']`), { kind: 'match', path, negated: false, operator, text: 'x' });
      assert.deepEqual(testOf(`[a:b NOT ${operator} 'x']`), {
        kind: 'match',
        path,
        negated: true,
        operator,
        text: 'x',
      });
    }
    assert.deepEqual(testOf('[a:b IN()]'), { kind: 'in', path, negated: false, values: [] });
    assert.deepEqual(testOf("[a:b NOT IN (1,'x' , true)]"), {
      kind: 'in',
      path,
      negated: true,
      values: [one, { kind: 'string', text: 'x' }, { kind: 'boolean', value: true }],
    });
    assert.deepEqual(testOf('[EXISTS a:b]'), { kind: 'exists', negated: false, path });
    assert.deepEqual(testOf('[NOT EXISTS a:b]'), { kind: 'exists', negated: true, path });
  });

  it('bind AND before OR, in flat chains, and keep the parentheses that matter', () => {
    const shape = (test: Comparison): unknown =>
      test.kind === 'and' || test.kind === 'or'
        ? { [test.kind]: test.parts.map(shape) }
        : test.kind === 'compare' && test.value.kind === 'integer' && test.value.text;
    const shapeOf = (source: string): unknown => shape(testOf(`[${source.replace(/\d/g, 'a:b=$&')}]`));
    assert.deepEqual(shapeOf('1 OR 2 AND 3 OR 4'), { or: ['1', { and: ['2', '3'] }, '4'] });
    assert.deepEqual(shapeOf('1 AND 2 AND 3'), { and: ['1', '2', '3'] });
    assert.deepEqual(shapeOf('(1 OR 2) AND 3'), { and: [{ or: ['1', '2'] }, '3'] });
    assert.deepEqual(shapeOf('((1) OR ((2)))'), { or: ['1', '2'] });
    assert.deepEqual(shapeOf('1 OR (2 OR 3)'), { or: ['1', { or: ['2', '3'] }] });
  });

  it('are refused where the grammar leaves off', () => {
    refused('[]', 1, /expected a comparison but found ']'/);
    refused('[a:b = 1', 8, /expected ']' but found the end of the pattern/);
    refused('[a:b]', 4, /expected a comparison operator but found ']'/);
    refused('[a:b NOT]', 8, /expected a comparison operator but found ']'/);
    refused("[a:b =? 'x']", 6, /'\?' has no meaning/);
    refused('[a:b = 1 AND]', 12, /expected a comparison but found ']'/);
    refused('[OR a:b = 1]', 1, /expected a comparison but found 'OR'/);
    refused('[a:b = 1 and a:c = 2]', 9, /expected ']' but found 'and'/);
    refused('[a:b = 1 FOLLOWEDBY c:d = 2]', 9, /expected ']' but found 'FOLLOWEDBY'/);
    refused('[a:b = 1 a:c = 2]', 9, /expected ']' but found 'a'/);
    refused('[(a:b = 1]', 9, /expected '\)' but found ']'/);
    refused('[a:b = 1)]', 8, /expected ']' but found '\)'/);
    refused('[NOT a:b = 1]', 5, /expected 'EXISTS' but found 'a'/);
    refused('[NOT (a:b = 1)]', 5, /expected 'EXISTS' but found '\('/);
    refused('[EXISTS (a:b)]', 8, /expected an object path .* but found '\('/);
    refused('[EXISTS a:b = 1]', 12, /expected ']' but found '='/);
    refused('[a:b < true]', 7, /expected a value that has an order but found 'true'/);
    refused('[a:b LIKE 5]', 10, /expected a string in single quotes but found '5'/);
    refused('[a:b MATCHES /x/]', 13, /'\/' has no meaning/);
    refused("[a:b ISSUBSET t'2024-01-01T00:00:00Z']", 14, /expected a string .* found the value t'2024/);
    refused('[a:b ISSUBSET ]', 14, /expected a string in single quotes but found ']'/);
    refused('[a:b IN 1]', 8, /expected '\(' but found '1'/);
    refused('[a:b IN (1 2)]', 11, /expected ',' or '\)' but found '2'/);
    refused('[a:b IN (1,)]', 11, /expected a value .* but found '\)'/);
    refused('[a:b IN (,1)]', 9, /expected a value .* but found ','/);
    refused('[a:b IN (c:d)]', 9, /expected a value .* but found 'c'/);
    refused('[a:b = c:d]', 7, /expected a value .* but found 'c'/);
    refused('[1 = a:b]', 1, /expected a comparison but found '1'/);
  });
});

describe('observations', () => {
  const shape = (node: Observation): unknown => {
    switch (node.kind) {
      case 'bracket':
        return node.test.kind === 'compare' && node.test.value.kind === 'integer' && node.test.value.text;
      case 'qualified':
        return { of: shape(node.inner), by: node.qualifiers.map((qualifier) => Object.values(qualifier).join(' ')) };
      default:
        return { [node.kind]: node.parts.map(shape) };
    }
  };
  const shapeOf = (source: string): unknown => shape(treeOf(source.replace(/#(\d)/g, '[a:b=$1]')));

  it('bind AND before OR before FOLLOWEDBY', () => {
    assert.deepEqual(shapeOf('#1 FOLLOWEDBY #2 OR #3 AND #4'), {
      'followed-by': ['1', { or: ['2', { and: ['3', '4'] }] }],
    });
    assert.deepEqual(shapeOf('#1 AND #2 OR #3 FOLLOWEDBY #4'), {
      'followed-by': [{ or: [{ and: ['1', '2'] }, '3'] }, '4'],
    });
    assert.deepEqual(shapeOf('(#1 FOLLOWEDBY #2) AND #3'), { and: [{ 'followed-by': ['1', '2'] }, '3'] });
    assert.deepEqual(shapeOf('((#1)) OR (#2)'), { or: ['1', '2'] });
  });

  it('give a qualifier to the bracket or parenthesis before it', () => {
    assert.deepEqual(shapeOf('#1 AND #2 WITHIN 5 SECONDS'), { and: ['1', { of: '2', by: ['within 5'] }] });
    assert.deepEqual(shapeOf('(#1 AND #2) WITHIN 1.5 SECONDS'), { of: { and: ['1', '2'] }, by: ['within 1.5'] });
    assert.deepEqual(
      shapeOf("#1 REPEATS 5 TIMES WITHIN 9 SECONDS START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'"),
      { of: '1', by: ['repeats 5', 'within 9', 'start-stop 2024-01-01T00:00:00Z 2024-01-02T00:00:00Z'] },
    );
    assert.deepEqual(shapeOf("#1 START '2024-01-01T00:00:00Z' STOP '2024-01-02T00:00:00Z'"), {
      of: '1',
      by: ['start-stop 2024-01-01T00:00:00Z 2024-01-02T00:00:00Z'],
    });
  });

  it('take each kind of qualifier any number of times, on a level and again one level out', () => {
    assert.deepEqual(shapeOf('(#1 REPEATS 2 TIMES) REPEATS 3 TIMES'), {
      of: { of: '1', by: ['repeats 2'] },
      by: ['repeats 3'],
    });
    assert.deepEqual(shapeOf('#1 WITHIN 5 SECONDS WITHIN 6 SECONDS'), { of: '1', by: ['within 5', 'within 6'] });
    assert.deepEqual(shapeOf('(#1) REPEATS 5 TIMES WITHIN 6 SECONDS REPEATS 2 TIMES'), {
      of: '1',
      by: ['repeats 5', 'within 6', 'repeats 2'],
    });
    const span = "START t'2024-01-01T00:00:00Z' STOP t'2024-01-02T00:00:00Z'";
    const begins = 'start-stop 2024-01-01T00:00:00Z 2024-01-02T00:00:00Z';
    assert.deepEqual(shapeOf(`#1 ${span} ${span}`), { of: '1', by: [begins, begins] });
  });

  it('are refused where the grammar leaves off', () => {
    refused('', 0, /expected '\[' or '\(' but found the end of the pattern/);
    refused(' // nothing', 11, /expected '\[' or '\(' but found the end/);
    refused('file:size = 1', 0, /expected '\[' or '\(' but found 'file'/);
    refused('[a:b=1] [a:b=2]', 8, /expected the end of the pattern but found '\['/);
    refused('[a:b=1]]', 7, /expected the end of the pattern but found ']'/);
    refused('[a:b=1] AND', 11, /expected '\[' or '\(' but found the end/);
    refused('AND [a:b=1]', 0, /expected '\[' or '\(' but found 'AND'/);
    refused('[a:b=1] NOT [a:b=2]', 8, /expected the end of the pattern but found 'NOT'/);
    refused('([a:b=1]', 8, /expected '\)' but found the end/);
    refused('()', 1, /expected '\[' or '\(' but found '\)'/);
    refused('[[a:b=1]]', 1, /expected a comparison but found '\['/);
    refused('(a:b=1)', 1, /expected '\[' or '\(' but found 'a'/);
    refused('[a:b=1] within 2 SECONDS', 8, /expected the end of the pattern but found 'within'/);
    refused('[a:b=1] WITHIN SECONDS', 15, /expected a number of seconds but found 'SECONDS'/);
    refused('[a:b=1] WITHIN -5 SECONDS', 15, /expected a number of seconds but found '-5'/);
    refused('[a:b=1] WITHIN 5 HOURS', 17, /expected 'SECONDS' but found 'HOURS'/);
    refused("[a:b=1] WITHIN '5' SECONDS", 15, /expected a number of seconds but found the value '5'/);
    refused('[a:b=1] REPEATS 1.5 TIMES', 16, /expected a whole number of times but found '1\.5'/);
    refused('[a:b=1] REPEATS 2', 17, /expected 'TIMES' but found the end/);
    refused("[a:b=1] START '2024' STOP '2025'", 14, /expected a time .* but found the value '2024'/);
    refused("[a:b=1] START t'2024-01-01T00:00:00Z'", 37, /expected 'STOP' but found the end/);
    refused("[a:b=1] STOP t'2024-01-01T00:00:00Z'", 8, /expected the end of the pattern but found 'STOP'/);
    refused('WITHIN 5 SECONDS', 0, /expected '\[' or '\(' but found 'WITHIN'/);
  });
});

describe('comments and white space', () => {
  it('change nothing', () => {
    const spaced = '\u00a0/* ] */[// ]\r\na:b\u2003/**/=\u0085 1 /* * / */]//';
    assert.deepEqual(treeOf(spaced), treeOf('[a:b=1]'));
  });

  it('must be closed, and are no other characters', () => {
    refused('[a:b=1] /* and so on', 8, /comment .* not closed/);
    refused('[a:b=1] /*/', 8, /comment .* not closed/);
    refused('[a:b\ufeff=1]', 4, /has no meaning/);
    refused('[a:b\u200b=1]', 4, /has no meaning/);
  });

  it('keep a message on one line', () => {
    const parsed = parsePattern("[a:b = 1 'x\ny\u001b[31m\u202e']");
    assert.equal(!parsed.ok && parsed.message, "expected ']' but found the value 'x y [31m '");
  });
});

describe('caps', () => {
  it('hold 100 parentheses, counted inside and outside of brackets', () => {
    const deep = (outer: number, inner: number): string =>
      `${'('.repeat(outer)}[${'('.repeat(inner)}a:b=1${')'.repeat(inner)}]${')'.repeat(outer)}`;
    assert.equal(printPattern(treeOf(deep(60, 40))), '[a:b = 1]');
    refused(deep(60, 41), 101, /more than 100 parentheses/);
    refused(deep(101, 0), 100, /more than 100 parentheses/);
    // beside one another they are as many as one likes
    treeOf(Array.from({ length: 1000 }, () => '([a:b=1])').join(' OR '));
  });

  it('hold 20,000 comparisons, each value of a set counted', () => {
    const many = (count: number): string => `[${Array.from({ length: count }, () => 'a:b=1').join(' OR ')}]`;
    assert.equal((testOf(many(20_000)) as Comparison & { kind: 'or' }).parts.length, 20_000);
    refused(many(20_001), many(20_000).length + 3, /more than 20000 comparisons/);
    refused(`[a:b IN (${'1,'.repeat(20_000)}1)]`, 9 + 40_000, /more than 20000 comparisons/);
  });

  it('hold 4 Mi characters', () => {
    treeOf('[a:b=1]'.padEnd(MOST_PATTERN_LENGTH));
    refused('[a:b=1]'.padEnd(MOST_PATTERN_LENGTH + 1), MOST_PATTERN_LENGTH, /longer than 4194304 characters/);
  });
});

function refused(text: string, position: number, message: RegExp): void {
  const parsed = parsePattern(text);
  assert.ok(!parsed.ok, `${text} is taken`);
  assert.match(parsed.message, message, text);
  assert.equal(parsed.position, position, `${text}: ${parsed.message}`);
}
