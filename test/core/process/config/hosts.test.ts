import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { EACH, hostKeys, hostsIn, notReached, partsOf, reached } from '../../../../core/process/config/hosts.ts';
import { configSchema } from '../../../../core/process/config/sections.ts';
import { readCatalogue, useEntry } from '../../../../ingest/catalogue.ts';
import { FEEDS, parseFeed } from '../../../../ingest/feeds/index.ts';

type Schema = z.core.$ZodType;

interface Key {
  readonly path: string;
  readonly schema: Schema;
  /** Of this key, or of a schema that it is made of. */
  readonly marked: boolean;
  /** It may be left out, and no default takes its place. */
  readonly optional: boolean;
}

/** All keys of a schema that hold no keys themselves; a mark covers what is below it. */
function* leavesOf(schema: Schema, path: string, marked = false, optional = false): Generator<Key> {
  const { type } = schema._zod.def;
  const mark = marked || hostKeys.get(schema) !== undefined;
  const parts = partsOf(schema);
  if (parts.length === 0) yield { path, schema, marked: mark, optional };
  for (const { key, schema: part } of parts) {
    const below = key === undefined ? path : key === EACH ? `${path}${EACH}` : `${path}.${key}`;
    const left = key === undefined && (optional || (type === 'optional' && hostKeys.get(schema) === undefined));
    yield* leavesOf(part, below, key === undefined || key === EACH ? mark : false, left);
  }
}

const ADDRESSES = [
  'https://host.example.org:8443/path',
  'http://host.example.org/',
  'smtp://host.example.org:25',
  'host.example.org:9092',
  '192.0.2.1:9092',
];
const NO_ADDRESSES = ['no address, but words', 'word', '/a/path', 'a-b', 'a-key-of-many-letters-and-digits-0123456789'];
/** What a key of free text would be called if it named a host. */
const TELLING =
  /(^|[._])(url|uri|host|hosts|server|servers|proxy|broker|brokers|node|nodes|endpoint|listen|smtp|peer|peers|root|roots|gateway)\b/;
/** Names that a certificate has, and nothing that is connected to. */
const NO_HOSTS = new Set(['tls.server_name']);

/** Does a key take an address: one of a form that nothing else has, or text that its name says is one? */
function takesAddress({ path, schema }: Key): boolean {
  const takes = (text: string): boolean => z.safeParse(schema, text).success;
  if (!ADDRESSES.some(takes)) return false;
  return !NO_ADDRESSES.some(takes) || TELLING.test(path.replaceAll(EACH, ''));
}

const sections: [string, Schema][] = [
  ['configuration', configSchema],
  ...FEEDS.map(({ type, schema }): [string, Schema] => [type, schema]),
];
const named = (section: string): Key[] =>
  [...leavesOf(Object.fromEntries(sections)[section] ?? assert.fail(section), '')].filter(
    ({ path }) => ![...NO_HOSTS].some((name) => path.endsWith(name)),
  );

describe('a key that takes an address', () => {
  for (const [section] of sections) {
    it(`says whether tipline connects to it: ${section}`, () => {
      assert.deepEqual(
        named(section)
          .filter((key) => takesAddress(key) && !key.marked)
          .map(({ path }) => path),
        [],
        'mark it with reached() or notReached()',
      );
    });
  }

  it('and may be left out says what is reached then', () => {
    const silent = sections.flatMap(([section]) =>
      named(section)
        .filter((key) => key.marked && key.optional)
        .map(({ path }) => `${section}${path}`),
    );
    assert.deepEqual(silent, [], 'give reached() the addresses that stand in for it, or []');
  });

  it('is found where there is no mark', () => {
    const schema = z.strictObject({
      url: z.url().optional(),
      where: z.array(z.string().regex(/^\S+:\d+$/)),
      proxy: z.string().min(1),
      password: z.string(),
      inner: z.union([z.boolean(), z.strictObject({ api_root: z.string().optional() })]),
      good: reached(z.url()).describe('marked, whatever is put around it'),
      port: notReached(z.string().regex(/^\S+:\d+$/)).default('a:1'),
    });
    assert.deepEqual(
      [...leavesOf(schema, '')].filter((key) => takesAddress(key) && !key.marked).map(({ path }) => path),
      ['.url', `.where${EACH}`, '.proxy', '.inner.api_root'],
    );
  });
});

describe('the hosts of a configuration', () => {
  it('are those of its own sections, and none that it listens on', () => {
    const config = configSchema.parse({
      bus: { kind: 'kafka', brokers: ['kafka-a.example.org:9092', '[2001:db8::9]:9092'] },
      store: { kind: 'elasticsearch', nodes: ['https://es-a.example.org:9200', 'http://192.0.2.9:9200'] },
      alerting: { email: { smtp: 'smtps://user:pass@mail.example.org:465', from: 'a@b.c', to: ['a@b.c'] } },
      http: { listen: '192.0.2.77:9600' },
    });
    assert.deepEqual(hostsIn(configSchema, config).sort(), [
      '192.0.2.9',
      '2001:db8::9',
      'es-a.example.org',
      'kafka-a.example.org',
      'mail.example.org',
    ]);
    assert.deepEqual(hostsIn(configSchema, configSchema.parse({})), []);
  });

  const reaches = (section: Record<string, unknown>): readonly string[] => {
    const parsed = parseFeed({ name: 'x', ...section });
    assert.ok(parsed.ok, JSON.stringify(parsed));
    return [...parsed.feed.reaches].sort();
  };

  it('are those of its feeds: proxy, poll service, brokers', () => {
    const proxy = 'http://user:pass@proxy.example.org:3128';
    assert.deepEqual(reaches({ type: 'http-list', url: 'https://list.example.org/a', proxy }), [
      'list.example.org',
      'proxy.example.org',
    ]);
    const poll = { type: 'taxii1', poll_url: 'https://taxii.example.org/poll', collections: ['a'] };
    assert.deepEqual(reaches(poll), ['taxii.example.org']);
    assert.deepEqual(reaches({ type: 'kafka', topic: 'ti', brokers: ['b1.example.org:9092', '192.0.2.5:9092'] }), [
      '192.0.2.5',
      'b1.example.org',
    ]);
    assert.deepEqual(reaches({ type: 'misp', url: 'https://misp.example.org/', api_key: 'k' }), ['misp.example.org']);
    assert.deepEqual(reaches({ type: 'tcp', listen: '192.0.2.1:5000' }), []);
  });

  it('are those of every feed of the catalogue, with a url of its own or without', () => {
    const catalogue = readCatalogue('rules/feeds.yaml');
    const names = [...catalogue.keys()];
    assert.ok(names.length > 5);
    const keys = { auth_key: 'k', api_key: 'k', app_key: 'k', url: 'https://one.example.org/' };
    for (const use of names) {
      const own = Object.entries(keys).flatMap(([key, value]) => {
        const used = useEntry({ use, [key]: value }, catalogue);
        return used.ok && parseFeed(used.section).ok && key !== 'url' ? [[key, value]] : [];
      });
      const used = useEntry({ use, ...Object.fromEntries(own) }, catalogue);
      assert.ok(used.ok, use);
      const parsed = parseFeed(used.section);
      assert.ok(parsed.ok, `${use}: ${JSON.stringify(parsed)}`);
      assert.ok(parsed.feed.reaches.length > 0, use);
    }
    assert.deepEqual(reaches({ type: 'urlhaus' }), ['urlhaus-api.abuse.ch', 'urlhaus.abuse.ch']);
    assert.deepEqual(reaches({ type: 'phishtank' }), ['data.phishtank.com']);
  });
});
