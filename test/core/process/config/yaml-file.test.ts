import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import fc from 'fast-check';
import { parseYaml, readYaml } from '../../../../core/process/config/yaml-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'tipline-yaml-'));
after(() => rmSync(folder, { recursive: true }));

describe('parseYaml', () => {
  it('takes YAML 1.2 as it is written', () => {
    const text = '\ufeff# a comment\na: 1\nb: [x, "y"]\nc: {d: yes}\ne:\n  - &f {g: 2.5}\n  - *f\n';
    assert.deepEqual(parseYaml('f.yaml', text).value, {
      a: 1,
      b: ['x', 'y'],
      c: { d: 'yes' },
      e: [{ g: 2.5 }, { g: 2.5 }],
    });
  });

  it('takes keys as words, whatever they look like', () => {
    const { value } = parseYaml('f.yaml', '1: a\ntrue: b\nnull: c\n__proto__: {polluted: 1}');
    assert.deepEqual(Object.keys(value as object), ['1', 'true', 'null', '__proto__']);
    assert.ok(!('polluted' in {}));
  });

  it('takes an empty file for an empty configuration', () => {
    for (const text of ['', '\n', '# nothing yet\n', '---\n']) assert.deepEqual(parseYaml('f.yaml', text).value, {});
  });

  const refused: readonly [what: string, text: string, message: RegExp][] = [
    ['a quote that does not end', 'a: 1\nb: "p4ss', /^f\.yaml:2: a quote is opened here and not closed$/],
    ['a key that stands there twice', 'a: 1\nb: 2\na: 3', /^f\.yaml:3: this key stands there twice$/],
    ['a tab', 'a:\n\tb: 1', /^f\.yaml:2: lines must be indented with spaces, not with tabs$/],
    ['two documents', 'a: 1\n---\nb: 2', /^f\.yaml:2: there must be one document/],
    [
      'an anchor that is missing',
      'a: 1\npassword: *p4ss',
      /^f\.yaml:2: a value that begins with \* must stand in quotes/,
    ],
    ['a tag', 'a: 1\npassword: !p4ss', /^f\.yaml:2: a value that begins with ! must stand in quotes$/],
    ['a tag before a value', 'password: !p4ss word', /^f\.yaml:1: a value that begins with ! must/],
    ['a reserved sign', 'password: @p4ss', /^f\.yaml:1: a value that begins with a sign such as @/],
    ['text behind a block sign', 'password: |p4ss', /^f\.yaml:1: something here does not belong/],
    ['an escape that is none', 'password: "\\p4ss"', /^f\.yaml:1: a backslash between double quotes begins an escape/],
    ['a colon in a value', 'a: b: p4ss', /^f\.yaml:1: a value that holds a colon and a space must stand in quotes/],
    ['a list that does not end', 'a: [p4ss, 2', /^f\.yaml:1: \[ or { is opened and not closed$/],
    ['text after a value', "password: 'a' p4ss", /^f\.yaml:1: something here does not belong/],
    ['a key that is a list', '[p4ss]: 1', /^f\.yaml:1: a key must be a word$/],
    [
      'an entry of a list without its dash',
      'feeds:\n- name: p4ss\n type: file',
      /^f\.yaml:3: in a list each entry begins with a dash/,
    ],
    ['a key without a colon', 'a: 1\np4ss\nb: 2', /^f\.yaml:2: a key must be followed by a colon/],
    ['depth', `a: ${'['.repeat(100_000)}`, /^f\.yaml:1: its values are nested too deeply$/],
    ['an alias of its own parent', 'a: &x {b: [*x]}', /^f\.yaml:1: an alias must not stand inside of what it names$/],
  ];
  for (const [what, text, message] of refused) {
    it(`answers ${what} with the line, and repeats nothing that may be a secret`, () => {
      assert.throws(
        () => parseYaml('f.yaml', text),
        (error: Error & { code?: string; retryable?: boolean }) => {
          assert.equal(error.code, 'CONFIG_SYNTAX');
          assert.equal(error.retryable, false);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /p4ss/);
          assert.doesNotMatch(error.message, /scalar|implicit|flow|token|indicator|mapping|sequence/i);
          return true;
        },
      );
    });
  }

  it('refuses an alias bomb before it takes the memory', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 12; n += 1)
      lines.push(
        `a${n}: &a${n} [${Array(10)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    const before = process.memoryUsage().heapUsed;
    const started = performance.now();
    assert.throws(() => parseYaml('bomb.yaml', lines.join('\n')), {
      code: 'CONFIG_SYNTAX',
      message: /^bomb\.yaml: its aliases \(\*name\) stand for too much/,
    });
    assert.ok(performance.now() - started < 5000);
    assert.ok(process.memoryUsage().heapUsed - before < 100_000_000);
  });

  it('refuses a file that is no configuration by its size alone', () => {
    assert.throws(() => parseYaml('f.yaml', `a: ${'x'.repeat(4 * 1024 * 1024)}`), { code: 'CONFIG_TOO_LARGE' });
  });

  it('throws nothing but its own errors, whatever the text', () => {
    const pieces = fc.array(
      fc.constantFrom(
        'a',
        ': ',
        '- ',
        '\n',
        '  ',
        '&x ',
        '*x',
        '!t ',
        '"',
        "'",
        '[',
        ']',
        '{',
        '}',
        ',',
        '|',
        '>',
        '#',
        '%',
        '---',
        '\t',
        '? ',
        '<<',
      ),
      { maxLength: 40 },
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        try {
          parseYaml('f.yaml', parts.join(''));
        } catch (error) {
          assert.match(String((error as { code?: unknown }).code), /^CONFIG_/, parts.join(''));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('lineOf', () => {
  const file = parseYaml(
    'f.yaml',
    [
      'bus:',
      '  kind: kafka',
      '  brokers:',
      '    - a:1',
      '    - b:2',
      'feeds:',
      '  - name: x',
      '    url: y',
      '  - &z',
      '    name: z',
      'other: {a: {b: 1}}',
      'again: *z',
    ].join('\n'),
  );
  for (const [keys, line] of [
    [['bus'], 1],
    [['bus', 'brokers'], 3],
    [['bus', 'brokers', 1], 5],
    [['feeds', 0, 'url'], 8],
    [['feeds', 1, 'name'], 10],
    [['other', 'a', 'b'], 11],
    [['again', 'name'], 10],
    [['bus', 'tls', 'ca'], 1],
    [['feeds', 7, 'name'], 6],
    [['feeds', 0, 'name', 'deeper'], 7],
    [['nothing'], 1],
    [[], 1],
  ] as const) {
    it(`finds ${keys.join('.') || 'the file'} in line ${line}`, () => assert.equal(file.lineOf(keys), line));
  }

  it('is line 1 where there is nothing', () => assert.equal(parseYaml('f.yaml', '').lineOf(['a', 0]), 1));
});

describe('readYaml', () => {
  it('reads a file', () => {
    const path = join(folder, 'a.yaml');
    writeFileSync(path, 'a: 1\n');
    assert.deepEqual(readYaml(path).value, { a: 1 });
    assert.equal(readYaml(path).path, path);
  });

  it('says which file cannot be read', () => {
    for (const path of [join(folder, 'missing.yaml'), folder])
      assert.throws(() => readYaml(path), {
        code: 'CONFIG_UNREADABLE',
        message: `${path} cannot be read`,
        retryable: false,
      });
  });
});
