import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { TiplineError } from '../../../core/process/errors.ts';
import {
  type JsonPart,
  type JsonPath,
  type JsonStreamOptions,
  jsonParts,
} from '../../../ingest/formats/json-stream.ts';

async function* inPieces(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? 1;
    // every piece in the same memory: a reader that keeps views breaks
    yield Buffer.from(bytes.subarray(at, at + size));
    at += size;
  }
}

interface Read {
  parts: JsonPart[];
  error: TiplineError | undefined;
}

async function read(text: string | Buffer, options: JsonStreamOptions, sizes: readonly number[] = [7]): Promise<Read> {
  const parts: JsonPart[] = [];
  try {
    for await (const batch of jsonParts(inPieces(Buffer.from(text), sizes), options)) parts.push(...batch);
  } catch (error) {
    assert.ok(error instanceof TiplineError);
    return { parts, error };
  }
  return { parts, error: undefined };
}

function values(parts: readonly JsonPart[]): unknown[] {
  return parts.flatMap((part) => (part.kind === 'value' ? [part.value] : []));
}

const everything = (): 'into' => 'into';
const objects = (path: JsonPath) => (path.length < 2 ? 'into' : 'whole');

/** Builds a document of the parts that a reader gave which went into everything. */
function rebuilt(parts: readonly JsonPart[]): unknown {
  const root: { value?: unknown } = {};
  const places: { path: JsonPath; made: Map<string | number, unknown> }[] = [];
  for (const part of parts) {
    if (part.kind === 'open') places.push({ path: part.path, made: new Map() });
    else if (part.kind === 'close') {
      const made = places.pop()?.made ?? new Map();
      const array = [...made.keys()].every((key) => typeof key === 'number');
      put(part.path, array && made.size > 0 ? [...made.values()] : Object.fromEntries(made));
    } else if (part.kind === 'value') put(part.path, part.value);
  }
  return root.value;

  function put(path: JsonPath, value: unknown): void {
    const place = places.at(-1);
    if (place === undefined) root.value = value;
    else place.made.set(path.at(-1) ?? '', value);
  }
}

/** Empty arrays and empty objects look the same in parts. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? {} : value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]));
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 4 });
const document = fc.jsonValue({ maxDepth: 4 });
const layout = fc.constantFrom(undefined, 2, '\t');

describe('json stream', () => {
  it('reads what JSON.parse reads, whatever the chunks and however far it goes in', async () => {
    await fc.assert(
      fc.asyncProperty(document, layout, sizes, fc.integer({ min: 0, max: 4 }), async (value, indent, cuts, depth) => {
        const text = JSON.stringify(value, null, indent);
        const expected = JSON.parse(text);
        const { parts, error } = await read(text, { at: (path) => (path.length < depth ? 'into' : 'whole') }, cuts);
        assert.equal(error, undefined);
        assert.deepEqual(plain(rebuilt(parts)), plain(expected));
      }),
    );
  });

  it('refuses what JSON.parse refuses, and breaks nowhere else', async () => {
    const spoiled = fc
      .tuple(
        document,
        layout,
        fc.nat(),
        fc.constantFrom('', ',', ']', '}', '{', '[', '"', ':', 'x', '1', '\\', ' ', '\u0001'),
      )
      .map(([value, indent, at, sign]) => {
        const text = JSON.stringify(value, null, indent);
        const place = at % (text.length + 1);
        return text.slice(0, place) + sign + text.slice(place + (at % 2));
      });
    await fc.assert(
      fc.asyncProperty(spoiled, sizes, async (text, cuts) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        for (const wish of ['into', 'pass', 'whole'] as const) {
          const { parts, error } = await read(text, { at: () => wish }, cuts);
          const passed = parts.some((part) => part.kind === 'passed');
          assert.equal(error === undefined && !passed, valid, wish);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('gives the byte where each value begins', async () => {
    const text = '{"a":["ä", {"b":1} ,[2]], "c" : 3}';
    const { parts } = await read(text, { at: objects });
    for (const part of parts) {
      if (part.kind !== 'value') continue;
      const rest = Buffer.from(text).subarray(part.offset).toString();
      assert.ok(rest.startsWith(JSON.stringify(part.value)), `${rest} begins with ${JSON.stringify(part.value)}`);
    }
    assert.deepEqual(values(parts), ['ä', { b: 1 }, [2], 3]);
  });

  it('passes over what is too large, too deep, or no JSON inside, and reads on', async () => {
    const text = `{"objects":[{"n":1},{"n":"${'x'.repeat(200)}"},{"n":[[[[[[]]]]]]},{"n":tru},"a\nb",{"n":2}]}`;
    const { parts, error } = await read(text, { at: objects, maxElement: 100, maxDepth: 5 });
    assert.equal(error, undefined);
    assert.deepEqual(values(parts), [{ n: 1 }, { n: 2 }]);
    assert.deepEqual(
      parts.flatMap((part) => (part.kind === 'passed' ? [[...part.path, part.reason]] : [])),
      [
        ['objects', 1, 'too large'],
        ['objects', 2, 'too deep'],
        ['objects', 3, 'not JSON'],
        ['objects', 4, 'not JSON'],
      ],
    );
  });

  it('enters an object that was wanted whole but is too large', async () => {
    const small = { Event: { info: 'small', Attribute: [{ value: 'a' }] } };
    const attributes = Array.from({ length: 50 }, (_, n) => ({ value: `v${n}` }));
    const large = { Event: { Attribute: attributes, info: 'large' } };
    const text = JSON.stringify({ response: [small, large, small] });
    const at = (path: JsonPath) => {
      if (path.length < 2) return 'into';
      if (path.length === 2) return 'whole-or-into';
      return path.length < 5 ? 'into' : 'whole';
    };
    for (const size of [1, 50, 10_000]) {
      const { parts, error } = await read(text, { at, maxElement: 200 }, [size]);
      assert.equal(error, undefined);
      assert.deepEqual(values(parts), [small, ...attributes, 'large', small]);
      const closed = parts.flatMap((part) => (part.kind === 'close' ? [part.path.join('.')] : []));
      assert.deepEqual(closed, ['response.1.Event.Attribute', 'response.1.Event', 'response.1', 'response', '']);
    }
  });

  it('says where a document breaks, after what stood before', async () => {
    for (const [text, byte] of [
      ['{"objects":[{"n":1},{"n":2} {"n":3}]}', 28],
      ['{"objects":[{"n":1},{"n":2},]}', 28],
      ['{"objects":[{"n":1},{"n":2},{"n":3]}', 34],
      ['{"objects":[{"n":1},{"n":2}]]', 28],
      ['{"objects":[{"n":1},{"n":2}],"x":nope}', 33],
      ['{"objects":[{"n":1},{"n":2}]} x', 30],
      ['{"objects":[{"n":1},{"n":2},{"n"', 32],
    ] as const) {
      const { parts, error } = await read(text, { at: objects });
      assert.deepEqual(values(parts), [{ n: 1 }, { n: 2 }], text);
      assert.equal(error?.code, 'FEED_NOT_JSON');
      assert.match(error.message, new RegExp(`byte ${byte}\\b`), text);
    }
  });

  it('checks what it passes', async () => {
    const { error } = await read('{"a":{"b":[1,,2]}}', { at: (path) => (path.length === 0 ? 'into' : 'pass') });
    assert.match(String(error?.message), /byte 13, in a\.b\[1\]: a value was expected/);
  });

  it('keeps quiet about names that only look special', async () => {
    const { parts } = await read('{"__proto__":{"constructor":[1]}}', { at: everything });
    assert.deepEqual(
      parts.flatMap((part) => (part.kind === 'value' ? [part.path] : [])),
      [['__proto__', 'constructor', 0]],
    );
  });

  it('goes as deep as allowed and not further, without recursion', async () => {
    const text = `${'['.repeat(100_000)}1${']'.repeat(100_000)}`;
    for (const wish of ['into', 'whole', 'whole-or-into', 'pass'] as const) {
      const { parts, error } = await read(text, { at: () => wish, maxElement: 1000 }, [65536]);
      assert.equal(error, undefined);
      assert.equal(parts.filter((part) => part.kind === 'passed').length, wish === 'pass' ? 0 : 1);
    }
  });

  it('reads a document that is one number, behind a byte order mark', async () => {
    const { parts } = await read('\ufeff 42', { at: everything }, [1]);
    assert.deepEqual(values(parts), [42]);
  });

  it('tells an empty answer from a broken one', async () => {
    assert.match(String((await read('', { at: everything })).error?.message), /is empty/);
  });
});
