import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parsePattern } from '../../../../ingest/formats/stix-pattern/parse.ts';
import { printPattern } from '../../../../ingest/formats/stix-pattern/print.ts';
import { readPattern } from '../../../../ingest/formats/stix-pattern/read.ts';
import { nextToken } from '../../../../ingest/formats/stix-pattern/tokens.ts';
import type { Comparison, Literal, ObjectPath, Observation } from '../../../../ingest/formats/stix-pattern/tree.ts';

// Texts that have bitten parsers: quotes, backslashes, keywords, comment marks, white space of both worlds, half a surrogate.
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc
    .array(fc.constantFrom("'", '\\', "\\'", '//', '/*', '*/', ']', ' AND ', '\n', '\u0085', '\ud83e', 'é', "t'"), {
      maxLength: 6,
    })
    .map((parts) => parts.join('')),
);
const bareName = fc
  .stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,6}$/)
  .filter((name) => name !== 'true' && name !== 'false');
const objectName = fc.constantFrom('file', 'ipv4-addr', 'x-a-', '_', 'within', 'x--1', 't', 'h', 'b');
const whole = fc.bigInt({ min: 0n, max: 10n ** 30n }).map(String);
const integer = fc.tuple(fc.boolean(), whole).map(([negative, digits]) => (negative ? `-${digits}` : digits));
const fraction = fc.stringMatching(/^[0-9]{1,12}$/);
const moment = fc
  .tuple(fc.date({ min: new Date(0), max: new Date('9999-12-31'), noInvalidDate: true }), fc.option(fraction))
  .map(([date, digits]) => `${date.toISOString().slice(0, 19)}${digits === null ? '' : `.${digits}`}Z`);

const ordered: fc.Arbitrary<Literal> = fc.oneof(
  fc.record({ kind: fc.constant('string' as const), text }),
  fc.record({ kind: fc.constant('integer' as const), text: integer }),
  fc.record({
    kind: fc.constant('float' as const),
    text: fc.tuple(integer, fraction).map(([left, right]) => `${left}.${right}`),
  }),
  fc.record({ kind: fc.constant('timestamp' as const), text: moment }),
  fc.record({
    kind: fc.constant('hex' as const),
    digits: fc.uint8Array({ maxLength: 5 }).map((bytes) => Buffer.from(bytes).toString('hex')),
  }),
  fc.record({ kind: fc.constant('binary' as const), base64: fc.base64String({ maxLength: 12 }) }),
);
const literal: fc.Arbitrary<Literal> = fc.oneof(
  { weight: 6, arbitrary: ordered },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('boolean' as const), value: fc.boolean() }) },
);

const key = fc.record({
  kind: fc.constant('key' as const),
  name: fc.oneof(bareName, text, fc.constantFrom('OR', 'a-b')),
});
const path: fc.Arbitrary<ObjectPath> = fc
  .tuple(
    objectName,
    key,
    fc.array(
      fc.oneof(
        key,
        fc.record({ kind: fc.constant('index' as const), index: integer }),
        fc.record({ kind: fc.constant('any' as const) }),
      ),
      { maxLength: 4 },
    ),
  )
  .map(([object, first, rest]) => ({ object, steps: [first, ...rest] }));

const test: fc.Arbitrary<Comparison> = fc.oneof(
  fc.record({ kind: fc.constant('exists' as const), negated: fc.boolean(), path }),
  fc.record({
    kind: fc.constant('compare' as const),
    path,
    negated: fc.boolean(),
    operator: fc.constantFrom('=', '!='),
    value: literal,
  }),
  fc.record({
    kind: fc.constant('compare' as const),
    path,
    negated: fc.boolean(),
    operator: fc.constantFrom('<', '<=', '>', '>='),
    value: ordered,
  }),
  fc.record({
    kind: fc.constant('match' as const),
    path,
    negated: fc.boolean(),
    operator: fc.constantFrom('LIKE', 'MATCHES', 'ISSUBSET', 'ISSUPERSET'),
    text,
  }),
  fc.record({
    kind: fc.constant('in' as const),
    path,
    negated: fc.boolean(),
    values: fc.array(literal, { maxLength: 3 }),
  }),
);

const qualifiers = fc
  .array(fc.constantFrom('within', 'repeats', 'start-stop'), { minLength: 1, maxLength: 4 })
  .chain((kinds) =>
    fc.tuple(
      ...kinds.map((kind) => {
        if (kind === 'within') {
          const seconds = fc.oneof(
            whole,
            fc.tuple(whole, fraction).map(([left, right]) => `${left}.${right}`),
          );
          return fc.record({ kind: fc.constant(kind), seconds });
        }
        if (kind === 'repeats') return fc.record({ kind: fc.constant(kind), times: whole });
        return fc.record({ kind: fc.constant(kind), start: moment, stop: moment });
      }),
    ),
  );

const trees = fc.letrec<{ comparison: Comparison; observation: Observation }>((tie) => ({
  comparison: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: test },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('and', 'or'),
        parts: fc.array(tie('comparison'), { minLength: 2, maxLength: 4 }),
      }),
    },
  ),
  observation: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('bracket' as const), test: tie('comparison') }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('followed-by', 'or', 'and'),
        parts: fc.array(tie('observation'), { minLength: 2, maxLength: 4 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('qualified' as const), inner: tie('observation'), qualifiers }),
    },
  ),
}));
// fast-check's records may come without a prototype, which a strict comparison would see
const pattern = trees.observation.map((tree) => structuredClone(tree));

/** The pieces that a lexer finds, as they are written. */
function piecesOf(source: string): string[] {
  const pieces: string[] = [];
  for (let token = nextToken(source, 0); token.kind !== 'end'; token = nextToken(source, token.end)) {
    pieces.push(source.slice(token.start, token.end));
  }
  return pieces;
}

function roundTrip(source: string): void {
  const parsed = parsePattern(source);
  assert.ok(parsed.ok, `${source}: ${parsed.ok ? '' : parsed.message}`);
  const printed = printPattern(parsed.pattern);
  assert.deepEqual(parsePattern(printed), parsed);
}

describe('a printed pattern', () => {
  it('parses to the tree it was printed from, and prints the same again', () => {
    fc.assert(
      fc.property(pattern, (tree) => {
        const printed = printPattern(tree);
        assert.deepEqual(parsePattern(printed), { ok: true, pattern: tree }, printed);
      }),
      { numRuns: 500 },
    );
  });

  it('means the same with any white space and comments between its parts', () => {
    const gap = fc.constantFrom(' ', '\n', '\u3000\t', '/**/', "/* ' ] */", "// it's\n", ' /*//*/ ');
    fc.assert(
      fc.property(pattern, fc.infiniteStream(gap), (tree, gaps) => {
        let spaced = '';
        for (const piece of piecesOf(printPattern(tree))) spaced += gaps.next().value + piece;
        assert.deepEqual(parsePattern(spaced), { ok: true, pattern: tree }, spaced);
      }),
      { numRuns: 200 },
    );
  });

  it('is no pattern any more when its last part is missing or one comes twice', () => {
    fc.assert(
      fc.property(pattern, (tree) => {
        const pieces = piecesOf(printPattern(tree));
        // a bracket and its qualifiers stay one when the last qualifier goes, so only the ends that close are taken
        if (!/^[\])]$/.test(pieces.at(-1) ?? '')) return;
        assert.equal(parsePattern(pieces.slice(0, -1).join(' ')).ok, false);
        assert.equal(parsePattern([...pieces, pieces.at(-1)].join(' ')).ok, false);
      }),
      { numRuns: 200 },
    );
  });
});

describe('any text', () => {
  function takesAnything(source: string): void {
    const parsed = parsePattern(source);
    const reading = readPattern(source);
    assert.equal(reading.ok, parsed.ok);
    if (parsed.ok) {
      roundTrip(source);
      return;
    }
    assert.ok(parsed.position >= 0 && parsed.position <= source.length, `${parsed.position} in ${source}`);
    assert.ok(parsed.message.length > 10 && parsed.message.length < 200, parsed.message);
    assert.doesNotMatch(parsed.message, /[\p{C}\p{Zl}\p{Zp}]/u);
  }

  it('gives a tree or a place in it, never an exception', () => {
    const piece = fc.constantFrom(
      ...[
        '[',
        ']',
        '(',
        ')',
        'a:b',
        'a',
        ':',
        '.',
        '=',
        '!=',
        '<',
        "'x'",
        "'",
        '\\',
        '1',
        '-1.5',
        ',',
        '*',
        '//',
        '/*',
      ],
      ...['AND', 'OR', 'NOT', 'FOLLOWEDBY', 'IN', 'LIKE', 'EXISTS', 'WITHIN', 'SECONDS', 'REPEATS', 'TIMES', 'START'],
      ...["t'2024-01-01T00:00:00Z'", "h'0'", "b'AA=='", 'true', '[a:b=1]', '\n', '\0', '🦠', '\ud800'],
    );
    const soup = fc
      .array(piece, { maxLength: 30 })
      .chain((pieces) => fc.constantFrom(pieces.join(''), pieces.join(' ')));
    fc.assert(fc.property(fc.oneof(soup, fc.string({ unit: 'binary' })), takesAnything), { numRuns: 2000 });
  });

  it('that was a pattern before a change gives a tree or a place in it', () => {
    const change = fc.record({ at: fc.nat(), length: fc.nat(4), by: fc.string({ unit: 'binary', maxLength: 3 }) });
    const mutated = fc.tuple(pattern, fc.array(change, { minLength: 1, maxLength: 3 })).map(([tree, changes]) => {
      let source = printPattern(tree);
      for (const { at, length, by } of changes) {
        const start = at % (source.length + 1);
        source = source.slice(0, start) + by + source.slice(start + length);
      }
      return source;
    });
    fc.assert(fc.property(mutated, takesAnything), { numRuns: 1000 });
  });

  it('of a million characters is read in time, whatever it repeats', () => {
    const repeats = ['a', '1', '0', '.', ' ', "'", "\\'", "'x'", '(', '[', '//', '/*', '/**/', '//\n', '-', '<', '🦠'];
    const openings = [
      '',
      '[',
      "[a:b='",
      '[a:b=',
      '[a:b IN (',
      "[a:b = h'",
      "[a:b = b'",
      "[a:b=t'2024-01-01T00:00:00.",
      '[a:',
    ];
    const endless = ['1,', 'a:b=1 OR ', 'a:b=1 AND (', '.a', '[0]', 'ab'];
    for (const opening of openings) {
      for (const unit of [...repeats, ...endless]) {
        const source = opening.padEnd(1_000_000, unit);
        const started = performance.now();
        readPattern(source);
        // linear takes a fraction of a second; what is quadratic would take hours
        assert.ok(performance.now() - started < 20_000, `${opening}${unit}`);
      }
    }
  });
});

const corpus = process.env.TIPLINE_CORPUS;
const files = corpus === undefined ? [] : globSync('stix-patterns/*.txt', { cwd: corpus });
const examples = files.flatMap((file) => readFileSync(join(corpus ?? '', file), 'utf8').split('\n'));

describe(`patterns that others wrote (${examples.length} lines of a corpus)`, () => {
  it('parse and come back', () => {
    const own = [
      '( [(network-traffic:dst_port IN(443,6443) AND network-traffic:src_packets != 0) ])',
      "[a:b MATCHES'^x$']",
    ];
    for (const example of [...own, ...examples]) if (example.trim() !== '') roundTrip(example);
    assert.ok(corpus === undefined || examples.length > 40);
  });
});
