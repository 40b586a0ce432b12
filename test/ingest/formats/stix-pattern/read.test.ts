import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { typeFromAlias } from '../../../../core/indicator/alias.ts';
import { canonicalise } from '../../../../core/indicator/canonical.ts';
import { type PatternLeaf, readPattern } from '../../../../ingest/formats/stix-pattern/read.ts';

const MD5 = 'd41d8cd98f00b204e9800998ecf8427e';
const SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
const SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const TLSH = `T1${'A1'.repeat(35)}`;

type Read = { leaves: readonly PatternLeaf[]; composite: boolean; unusable: number };

function read(text: string): Read {
  const reading = readPattern(text);
  assert.ok(reading.ok, `${text}: ${reading.ok ? '' : reading.message}`);
  return reading;
}

/** `type value`, with a plus for a leaf that is not alone. */
function brief(text: string): string[] {
  return read(text).leaves.map(({ type, value, composite }) => `${composite ? '+' : ''}${type ?? '?'} ${value}`);
}

describe('a leaf', () => {
  it('has the type that its path names', () => {
    const vectors: [comparison: string, leaf: string | undefined][] = [
      ["ipv4-addr:value = '192.0.2.1'", 'ip 192.0.2.1'],
      ["ipv4-addr:value = '192.0.2.0/24'", 'cidr 192.0.2.0/24'],
      ["ipv4-addr:value ISSUBSET '192.0.2.0/24'", 'cidr 192.0.2.0/24'],
      ["ipv6-addr:value = '2001:db8::1'", 'ip 2001:db8::1'],
      ["ipv6-addr:value ISSUBSET '2001:db8::/32'", 'cidr 2001:db8::/32'],
      ["domain-name:value = 'example.org'", 'domain example.org'],
      ["hostname:value = 'www.example.org'", 'domain www.example.org'],
      ["x-opencti-hostname:value = 'www.example.org'", 'domain www.example.org'],
      ["domain-name:resolves_to_refs[*].value = '192.0.2.1'", '? 192.0.2.1'],
      ["domain-name:resolves_to_refs[0].value = 'example.org'", '? example.org'],
      ["url:value = 'http://example.org/a'", 'url http://example.org/a'],
      ["email-addr:value = 'a@example.org'", 'email a@example.org'],
      ["email-message:from_ref.value = 'a@example.org'", 'email a@example.org'],
      ["email-message:sender_ref.value = 'a@example.org'", 'email a@example.org'],
      ["mac-addr:value = '00:00:5e:00:53:01'", 'mac 00:00:5e:00:53:01'],
      ["mutex:name = 'Global\\\\m'", 'mutex Global\\m'],
      ['autonomous-system:number = 64496', 'asn 64496'],
      ["windows-registry-key:key = 'HKLM\\\\x'", 'registry HKLM\\x'],
      ["win-registry-key:key = 'HKLM\\\\x'", 'registry HKLM\\x'],
      ["x509-certificate:serial_number = '4c:0b'", 'x509 4c:0b'],
      [`x509-certificate:hashes.'SHA-1' = '${SHA1}'`, `x509 ${SHA1}`],
      [`x509-certificate:hashes[*] = '${SHA1}'`, `x509 ${SHA1}`],
      ["vulnerability:name = 'CVE-2024-1234'", 'cve CVE-2024-1234'],
      [`network-traffic:dst_ref.value = '192.0.2.1'`, '? 192.0.2.1'],
      [`network-traffic:src_ref.value = 'example.org'`, '? example.org'],
      [`network-traffic:dst_ref.value ISSUBSET '192.0.2.0/24'`, 'cidr 192.0.2.0/24'],
      [`artifact:hashes.MD5 = '${MD5}'`, `md5 ${MD5}`],
      [`file:content_ref.hashes.MD5 = '${MD5}'`, `md5 ${MD5}`],
      [`process:binary_ref.hashes.'SHA-256' = '${SHA256}'`, `sha256 ${SHA256}`],
      [`process:image_ref.hashes.'SHA-256' = '${SHA256}'`, `sha256 ${SHA256}`],
      [`file:extensions.'windows-pebinary-ext'.imphash = '${MD5}'`, `imphash ${MD5}`],
    ];
    for (const [comparison, leaf] of vectors) assert.deepEqual(brief(`[${comparison}]`), [leaf], comparison);
  });

  it('of a hash is told by its key in any spelling', () => {
    const vectors: [key: string, type: string, value: string][] = [
      ['MD5', 'md5', MD5],
      ['md5', 'md5', MD5],
      ["'MD-5'", 'md5', MD5],
      ['SHA1', 'sha1', SHA1],
      ["'SHA-1'", 'sha1', SHA1],
      ["'sha-256'", 'sha256', SHA256],
      ['SHA_256', 'sha256', SHA256],
      ['SHA-256', 'sha256', SHA256],
      ["'SHA-512'", 'sha512', SHA256 + SHA256],
      ['SSDEEP', 'ssdeep', '3:a:b'],
      ['ssdeep', 'ssdeep', '3:a:b'],
      ['TLSH', 'tlsh', TLSH],
      ['IMPHASH', 'imphash', MD5],
    ];
    for (const [key, type, value] of vectors) {
      assert.deepEqual(brief(`[file:hashes.${key} = '${value}']`), [`${type} ${value}`], key);
    }
    for (const [value, type] of [
      [MD5, 'md5'],
      [SHA256, 'sha256'],
      [TLSH, 'tlsh'],
      ['3:a:b', 'ssdeep'],
    ] as const) {
      assert.deepEqual(brief(`[file:hashes[*] = '${value}']`), [`${type} ${value}`]);
    }
  });

  it('has its path as it is printed', () => {
    const { leaves } = read("[file:hashes.SHA-256 = 'x' OR domain-name:'resolves_to_refs'[*].value = 'y']");
    assert.deepEqual(
      leaves.map((leaf) => leaf.path),
      ["file:hashes.'SHA-256'", 'domain-name:resolves_to_refs[*].value'],
    );
  });

  it('without a type has none, not an undefined one', () => {
    assert.deepEqual(read("[network-traffic:dst_ref.value = '192.0.2.1']").leaves, [
      { value: '192.0.2.1', composite: false, path: 'network-traffic:dst_ref.value' },
    ]);
  });

  it('has a type that the pipeline knows, and a value that it can make canonical', () => {
    const vectors: [comparison: string, type: string, value: string][] = [
      ["ipv4-addr:value = '192.0.2.1/32'", 'ip', '192.0.2.1'],
      ["ipv4-addr:value ISSUBSET '192.0.2.7'", 'ip', '192.0.2.7'],
      ["network-traffic:dst_ref.value = '192.0.2.0/24'", 'cidr', '192.0.2.0/24'],
      ['autonomous-system:number = 64496', 'asn', 'AS64496'],
      ["windows-registry-key:key = 'HKLM\\\\x'", 'registry', 'HKEY_LOCAL_MACHINE\\x'],
      ["x509-certificate:serial_number = '4C:0B'", 'x509', '4c0b'],
      [`x509-certificate:hashes.'SHA-256' = '${SHA256}'`, 'x509', SHA256],
    ];
    for (const [comparison, type, value] of vectors) {
      const [leaf] = read(`[${comparison}]`).leaves;
      assert.ok(leaf !== undefined, comparison);
      const known = leaf.type === undefined ? undefined : typeFromAlias(leaf.type);
      assert.equal(known, leaf.type, comparison);
      assert.deepEqual(canonicalise(leaf.value, known), { ok: true, indicator: { type, value } }, comparison);
    }
  });
});

describe('what gives no leaf', () => {
  it('is counted', () => {
    const vectors: [pattern: string, unusable: number, composite: boolean][] = [
      ["[file:name = 'a.exe']", 1, false],
      ["[process:command_line = 'a']", 1, false],
      ["[user-account:user_id = 'root']", 1, false],
      ["[x-own:value = '192.0.2.1']", 1, false],
      ["[email-message:to_refs[*].value = 'a@example.org']", 1, false],
      [`[file:hashes.'SHA3-256' = '${SHA256}']`, 1, false],
      [`[file:hashes.'SHA-224' = '${SHA256}']`, 1, false],
      [`[file:hashes.AUTHENTIHASH = '${SHA256}']`, 1, false],
      [`[file:extensions.'windows-pebinary-ext'.sections[*].hashes.MD5 = '${MD5}']`, 1, false],
      [`[file:'hashes.MD5' = '${MD5}']`, 1, false],
      ["[network-traffic:'dst_ref.value' = '192.0.2.1']", 1, false],
      [`[file:hashes.MD5[0] = '${MD5}']`, 1, false],
      [`[file:hashes = '${MD5}']`, 1, false],
      ["[file:hashes[*] = 'example.org']", 1, false],
      ["[vulnerability:name = 'a bug with a name']", 1, false],
      ["[url:value = '']", 1, false],
      ["[url:value = ' \t']", 1, false],
      ['[url:value = true]', 1, false],
      ["[url:value = h'00']", 1, false],
      ["[file:created = t'2024-01-01T00:00:00Z']", 1, false],
      ["[url:value LIKE 'http://example.org/%']", 1, false],
      ["[url:value MATCHES '^http']", 1, false],
      ["[url:value > 'a']", 1, false],
      ["[ipv4-addr:value ISSUPERSET '192.0.2.0/24']", 1, false],
      ["[domain-name:value ISSUBSET 'example.org']", 1, false],
      ['[url:value IN ()]', 1, false],
      ['[EXISTS url:value]', 1, false],
      ["[file:name IN ('a', 'b', 'c')]", 3, false],
      ["[url:value != 'http://example.org/']", 1, true],
      ["[url:value NOT = 'http://example.org/']", 1, true],
      ["[url:value NOT IN ('http://example.org/', 'http://example.net/')]", 2, true],
      ["[url:value NOT LIKE 'http://example.org/']", 1, true],
      ["[ipv4-addr:value NOT ISSUBSET '192.0.2.0/24']", 1, true],
      ['[NOT EXISTS url:value]', 1, true],
      ["[url:value NOT > 'a']", 1, true],
    ];
    for (const [pattern, unusable, composite] of vectors) {
      assert.deepEqual(readPattern(pattern), { ok: true, leaves: [], composite, unusable }, pattern);
    }
  });

  it('leaves the values beside it alone', () => {
    const reading = read("[domain-name:value IN ('example.org', true, '', 'example.net')]");
    assert.deepEqual(
      reading.leaves.map((leaf) => leaf.value),
      ['example.org', 'example.net'],
    );
    assert.equal(reading.unusable, 2);
  });
});

describe('a leaf stands alone', () => {
  it('under OR, in a set, in parentheses, with nothing denied twice', () => {
    assert.deepEqual(brief("[url:value = 'a' OR (url:value IN ('b', 'c') OR domain-name:value = 'd')]"), [
      'url a',
      'url b',
      'url c',
      'domain d',
    ]);
    assert.deepEqual(brief("([url:value = 'a'] OR ([url:value = 'b']))"), ['url a', 'url b']);
    assert.deepEqual(brief("[url:value NOT != 'a']"), ['url a']);
    assert.equal(read("[url:value NOT != 'a' OR url:value == 'b']").composite, false);
    assert.deepEqual(brief("[url:value = 'a' OR url:value LIKE 'b%']"), ['url a']);
  });

  it('and not beside or within anything else', () => {
    const vectors: [pattern: string, leaves: string[]][] = [
      ["[url:value = 'a' AND file:name = 'x']", ['+url a']],
      ["[url:value = 'a' AND file:name != 'x']", ['+url a']],
      ["[url:value = 'a' AND url:value NOT = 'x']", ['+url a']],
      [
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '192.0.2.1']",
        ['+? 192.0.2.1'],
      ],
      ["[url:value = 'a' OR url:value = 'b' AND file:name = 'x']", ['url a', '+url b']],
      ["[(url:value = 'a' OR url:value = 'b') AND file:name = 'x']", ['+url a', '+url b']],
      ["[url:value = 'a'] AND [url:value = 'b']", ['+url a', '+url b']],
      ["[url:value = 'a'] FOLLOWEDBY [url:value = 'b']", ['+url a', '+url b']],
      ["[url:value = 'a'] OR [url:value = 'b'] AND [url:value = 'c']", ['url a', '+url b', '+url c']],
      ["([url:value = 'a'] OR [url:value = 'b']) FOLLOWEDBY [file:name = 'x']", ['+url a', '+url b']],
      ["[url:value = 'a'] REPEATS 5 TIMES", ['+url a']],
      ["[url:value = 'a'] OR [url:value = 'b'] WITHIN 5 SECONDS", ['url a', '+url b']],
      ["([url:value = 'a'] OR [url:value = 'b']) WITHIN 5 SECONDS", ['+url a', '+url b']],
      ["[url:value = 'a'] START t'2024-01-01T00:00:00Z' STOP t'2024-02-01T00:00:00Z'", ['+url a']],
    ];
    for (const [pattern, leaves] of vectors) {
      assert.deepEqual(brief(pattern), leaves, pattern);
      assert.equal(read(pattern).composite, true, pattern);
    }
  });

  it('as a hash beside other facts of its one file', () => {
    const alone = [`md5 ${MD5}`, `sha1 ${SHA1}`];
    const hashes = `file:hashes.MD5 = '${MD5}' AND file:hashes.'SHA-1' = '${SHA1}'`;
    for (const beside of ['', " AND file:name = 'a.exe'", " AND file:size = 7 AND file:name LIKE 'a%'"]) {
      assert.deepEqual(brief(`[${hashes}${beside}]`), alone, beside);
      assert.equal(read(`[${hashes}${beside}]`).composite, false);
    }
    assert.deepEqual(brief(`[(file:hashes.MD5 = '${MD5}' OR file:hashes.MD5 = '${SHA1}') AND file:name = 'x']`), [
      `md5 ${MD5}`,
      `md5 ${SHA1}`,
    ]);
    for (const beside of [
      "file:name != 'a.exe'",
      'file:size > 7',
      'EXISTS file:name',
      "file:content_ref.hashes.MD5 = 'x'",
      "process:name = 'x'",
      `(file:name = 'a' AND url:value = 'b')`,
    ]) {
      assert.equal(brief(`[${hashes} AND ${beside}]`)[0], `+md5 ${MD5}`, beside);
      assert.equal(read(`[${hashes} AND ${beside}]`).composite, true, beside);
    }
    assert.equal(brief(`[${hashes}] WITHIN 5 SECONDS`)[0], `+md5 ${MD5}`);
    assert.equal(brief(`[${hashes}] AND [file:name = 'x']`)[0], `+md5 ${MD5}`);
    assert.equal(brief(`[(${hashes}) AND url:value = 'x']`)[0], `+md5 ${MD5}`);
  });

  it('if it does so anywhere, and is told once', () => {
    assert.deepEqual(brief("[url:value = 'a' AND file:name = 'x'] OR [url:value = 'a']"), ['url a']);
    assert.deepEqual(brief("[url:value = 'a'] OR [url:value = 'a' AND file:name = 'x']"), ['url a']);
    assert.deepEqual(brief("[url:value IN ('a', 'a')]"), ['url a']);
    // the same digits under two names are two indicators
    assert.equal(brief(`[file:hashes.MD5 = '${MD5}' OR file:hashes.IMPHASH = '${MD5}']`).length, 2);
  });

  it('with what is said of its file or port, where one value is told', () => {
    const of = (pattern: string): unknown => read(pattern).leaves.map(({ port, file }) => port ?? file);
    const name = 'x'.repeat(300);
    const file = { name: 'a.exe', size: 7, type: 'text/plain', hashes: { md5: MD5, sha1: SHA1 } };
    assert.deepEqual(
      of(
        `[file:hashes.MD5 = '${MD5}' AND file:hashes.'SHA-1' = '${SHA1}' AND file:name = 'a.exe' AND file:size = 7 AND file:mime_type = 'text/plain']`,
      ),
      [file, file],
    );
    assert.deepEqual(of("[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 443]"), [443]);
    assert.deepEqual(of("[network-traffic:dst_ref.value = 'a.example' AND network-traffic:dst_port = 443]"), [443]);
    for (const pattern of [
      `[file:hashes.MD5 = '${MD5}' OR file:name = 'a.exe']`,
      `[file:hashes.MD5 = '${MD5}'] AND [file:name = 'a.exe']`,
      "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port != 443]",
      "[ipv4-addr:value = '192.0.2.1' AND (network-traffic:dst_port = 443 OR network-traffic:dst_port = 80)]",
      "[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 443 AND network-traffic:dst_port = 80]",
      `[url:value = 'http://a.example/' AND file:name = '${name}']`,
    ]) {
      assert.deepEqual(of(pattern), [undefined], pattern);
    }
    assert.deepEqual(of(`[file:hashes.MD5 = '${MD5}' AND file:name = '${name}']`), [{ hashes: { md5: MD5 } }]);
  });

  it('exactly when the pattern matches what holds nothing else, and none is lost', () => {
    fc.assert(
      fc.property(condition, (made) => {
        // values are numbered, so that each comparison has its own
        let count = 0;
        const name = (): string => `v${count++}`;
        const root = number(made, name);
        const { leaves, unusable, composite } = read(write(root, 'outer'));
        assert.equal(leaves.length + unusable, count);
        for (const leaf of leaves) {
          if (!leaf.composite) assert.ok(matches(root, leaf.value), `${leaf.value} of ${write(root, 'outer')}`);
        }
        assert.ok(composite || leaves.every((leaf) => !leaf.composite));
        const positive = positives(root);
        assert.deepEqual(new Set(leaves.map((leaf) => leaf.value)), new Set(positive));
        for (const value of positive) {
          const alone = leaves.find((leaf) => leaf.value === value)?.composite === false;
          assert.equal(alone, matches(root, value), `${value} of ${write(root, 'outer')}`);
        }
      }),
      { numRuns: 500 },
    );
  });
});

it('a long list is read whole', () => {
  const comparisons = Array.from({ length: 10_000 }, (_, n) => `domain-name:value = 'a${n}.example.org'`);
  const { leaves, composite, unusable } = read(`[${comparisons.join(' OR ')}]`);
  assert.equal(leaves.length, 10_000);
  assert.deepEqual([leaves.at(-1)?.value, composite, unusable], ['a9999.example.org', false, 0]);
});

it('what is no pattern is told with its place', () => {
  assert.deepEqual(readPattern("[url:value = 'a' FOLLOWEDBY url:value = 'b']"), {
    ok: false,
    message: "expected ']' but found 'FOLLOWEDBY'",
    position: 17,
  });
  assert.deepEqual(readPattern("[url:value = 'a]"), {
    ok: false,
    message: 'the string that begins here has no closing quote',
    position: 13,
  });
});

/** A pattern as its author thinks of it, beside the code under test: brackets of equalities, joined in every way. */
type Condition =
  | { kind: 'equal' | 'unequal'; value: string }
  | { kind: 'and' | 'or'; parts: Condition[] }
  | { kind: 'bracket'; part: Condition }
  | { kind: 'AND' | 'OR' | 'FOLLOWEDBY'; parts: Condition[] }
  | { kind: 'repeats'; part: Condition };

const conditions = fc.letrec<{ inner: Condition; outer: Condition }>((tie) => ({
  inner: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ kind: fc.constantFrom('equal', 'equal', 'unequal'), value: fc.constant('') }),
    fc.record({
      kind: fc.constantFrom('and', 'or', 'or'),
      parts: fc.array(tie('inner'), { minLength: 2, maxLength: 3 }),
    }),
  ),
  outer: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ kind: fc.constant('bracket' as const), part: tie('inner') }),
    fc.record({
      kind: fc.constantFrom('AND', 'OR', 'OR', 'FOLLOWEDBY'),
      parts: fc.array(tie('outer'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('repeats' as const), part: tie('outer') }),
  ),
}));
const condition = conditions.outer;

function number(made: Condition, name: () => string): Condition {
  if ('value' in made) return { kind: made.kind, value: name() };
  if ('part' in made) return { kind: made.kind, part: number(made.part, name) };
  return { kind: made.kind, parts: made.parts.map((part) => number(part, name)) };
}

function write(made: Condition, place: 'outer' | 'inner'): string {
  switch (made.kind) {
    case 'equal':
      return `url:value = '${made.value}'`;
    case 'unequal':
      return `url:value != '${made.value}'`;
    case 'bracket':
      return `[${write(made.part, 'inner')}]`;
    case 'repeats':
      return `(${write(made.part, 'outer')}) REPEATS 2 TIMES`;
    default:
      return `(${made.parts.map((part) => write(part, place)).join(` ${made.kind.toUpperCase()} `)})`;
  }
}

/** Whether one sighting of one URL, and nothing else, is what the pattern describes. */
function matches(made: Condition, value: string): boolean {
  switch (made.kind) {
    case 'equal':
      return made.value === value;
    case 'bracket':
      return matches(made.part, value);
    case 'or':
    case 'OR':
      // a denial alone says nothing of this URL
      return made.parts.some((part) => matches(part, value));
    default:
      return false;
  }
}

function positives(made: Condition): string[] {
  if ('value' in made) return made.kind === 'equal' ? [made.value] : [];
  if ('part' in made) return positives(made.part);
  return made.parts.flatMap(positives);
}
