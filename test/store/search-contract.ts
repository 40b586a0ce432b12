import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import type { EnrichedDocument, SlimClaim } from '../../core/contract/enriched-document.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import type { Covering, SearchQuery, Store, StoredValue } from '../../store/port.ts';
import { freshName } from '../services/given.ts';
import { freshDomain, freshNetwork, freshNetwork6, type OpenAStore, storeOfSuite, writeAll } from './given-store.ts';
import { type Sample, sampleClaim, sampleDocument, sampleHistory, sampleWrite } from './sample-document.ts';

/** Look-ups by anything but the id. */
export function searchContract(open: OpenAStore): void {
  function suite(name: string, tests: (store: () => Store) => void): void {
    describe(name, () => tests(storeOfSuite(open)));
  }

  async function put(store: Store, samples: readonly Sample[]): Promise<EnrichedDocument[]> {
    const documents = samples.map(sampleDocument);
    await writeAll(
      store,
      documents.map((document) => sampleWrite(document, [])),
    );
    return documents;
  }

  suite('search', (store) => {
    const values = async (query: SearchQuery): Promise<string[]> =>
      (await store().indicators.search(query)).map(({ tipline }) => tipline.value);

    it('finds an exact value, and gives the whole document', async () => {
      const domain = freshDomain();
      const [document] = await put(store(), [
        { type: 'domain', value: domain },
        { type: 'domain', value: `www.${domain}` },
        { type: 'url', value: `http://${domain}/` },
      ]);
      assert.deepEqual(await store().indicators.search({ value: domain }), [document]);
      assert.deepEqual(await values({ value: freshDomain() }), []);
    });

    it('finds for an address the blocks that hold it, highest score first', async () => {
      const net = freshNetwork();
      await put(store(), [
        { type: 'ip', value: `${net}.77`, score: 40 },
        { type: 'cidr', value: `${net}.64/26`, score: 90 },
        { type: 'cidr', value: `${net}.0/24`, score: 20 },
        { type: 'cidr', value: `${net}.128/25`, score: 99 },
        { type: 'ip', value: `${net}.78`, score: 99 },
      ]);
      const expected = [`${net}.64/26`, `${net}.77`, `${net}.0/24`];
      assert.deepEqual(await values({ value: `${net}.77` }), expected);
      assert.deepEqual(await values({ value: `${net}.77`, type: 'cidr' }), [`${net}.64/26`, `${net}.0/24`]);
      assert.deepEqual(await values({ value: `${net}.77`, type: 'ip' }), [`${net}.77`]);
      assert.deepEqual(await values({ value: `${net}.77`, limit: 1 }), [`${net}.64/26`]);
      assert.deepEqual(await values({ value: `${net}.1` }), [`${net}.0/24`], 'the address itself need not be known');
      assert.deepEqual(await values({ value: `${net}.64/26` }), [`${net}.64/26`], 'a block finds itself alone');
    });

    it('does the same for IPv6', async () => {
      const net = freshNetwork6();
      await put(store(), [
        { type: 'ip', value: `${net}::1`, score: 10 },
        { type: 'cidr', value: `${net}::/64`, score: 90 },
        { type: 'cidr', value: `${net}:8000::/65`, score: 95 },
      ]);
      assert.deepEqual(await values({ value: `${net}::1` }), [`${net}::/64`, `${net}::1`]);
    });

    it('finds a hash and a URL by their whole value', async () => {
      const hash = createHash('sha256').update(randomBytes(8)).digest('hex');
      const url = `https://${freshDomain()}/a%20b?q=*&x=%22`;
      await put(store(), [
        { type: 'sha256', value: hash },
        { type: 'url', value: url },
        { type: 'url', value: `${url}1` },
      ]);
      assert.deepEqual(await values({ value: hash }), [hash]);
      assert.deepEqual(await values({ value: url }), [url]);
    });

    it('filters by type, status, score and source, in any combination', async () => {
      const source = freshName('source');
      const name = freshDomain();
      await put(store(), [
        { type: 'domain', value: `a.${name}`, score: 90, sources: [source, 'second'] },
        { type: 'domain', value: `b.${name}`, score: 50, sources: [source] },
        { type: 'domain', value: `c.${name}`, score: 95, sources: [source], status: 'expired' },
        { type: 'url', value: `http://d.${name}/`, score: 70, sources: ['second', source] },
        { type: 'domain', value: `e.${name}`, score: 99, sources: [`${source}-not`] },
      ]);
      const a = `a.${name}`;
      const b = `b.${name}`;
      const c = `c.${name}`;
      const d = `http://d.${name}/`;
      assert.deepEqual(await values({ source }), [c, a, d, b]);
      assert.deepEqual(await values({ source, status: 'active' }), [a, d, b]);
      assert.deepEqual(await values({ source, status: 'active', type: 'domain' }), [a, b]);
      assert.deepEqual(await values({ source, minScore: 70 }), [c, a, d]);
      assert.deepEqual(await values({ source, limit: 2 }), [c, a]);
      assert.deepEqual(await values({ source, value: a, status: 'expired' }), []);
      assert.deepEqual(await values({ source: `${source}-not`, value: a }), []);
      assert.deepEqual(await values({ source: "x' OR 1=1 --" }), []);
      assert.deepEqual(await values({ source: '*' }), []);
    });
  });

  suite('active', (store) => {
    it('pages through all that is active and stands alone, once each', async () => {
      const many = Array.from(
        { length: 1_100 },
        (_, at): Sample => ({
          type: 'domain',
          value: freshDomain(),
          score: 60 + (at % 5) * 10,
        }),
      );
      const documents = await put(store(), many);
      const [composite, expired, low] = await put(store(), [
        { type: 'domain', value: freshDomain(), composite: true },
        { type: 'domain', value: freshDomain(), status: 'expired' },
        { type: 'domain', value: freshDomain(), score: 59 },
      ]);
      const seen = new Map<string, number>();
      for await (const page of store().indicators.active(60)) {
        assert.ok(page.length > 0 && page.length <= 10_000);
        for (const { tipline } of page) {
          assert.ok(tipline.status === 'active' && !tipline.composite && tipline.threat_score >= 60);
          seen.set(tipline.id, (seen.get(tipline.id) ?? 0) + 1);
        }
      }
      for (const { tipline } of documents) assert.equal(seen.get(tipline.id), 1);
      for (const document of [composite, expired, low]) assert.equal(seen.has(document?.tipline.id ?? ''), false);
      const above: EnrichedDocument[] = [];
      for await (const page of store().indicators.active(101)) above.push(...page);
      assert.deepEqual(above, []);
    });
  });

  suite('ofFeed', (store) => {
    it('gives what a feed says now or says of later, whoever it quotes, and what was remembered by its name before', async () => {
      const feed = freshName('feed');
      const of = (claim: Partial<SlimClaim>, more: Sample = {}): Sample => ({
        type: 'domain',
        value: freshDomain(),
        sources: ['somebody'],
        claims: [sampleClaim({ source: 'somebody', feed: 'other' }), sampleClaim({ source: 'somebody', ...claim })],
        ...more,
      });
      const later = { feed, valid_from: '2099-01-01T00:00:00.000Z' };
      const [quoting, toCome, alone, allowed, unnoted] = await put(store(), [
        of({ feed }),
        of(later),
        of(later, { status: 'expired', recheckAt: '2099-01-01T00:00:00.000Z', claims: [sampleClaim(later)] }),
        of({ feed }, { status: 'allowed' }),
        of({ source: feed }),
      ]);
      const [others] = await put(store(), [
        of({ source: feed, feed: 'other' }, { sources: [feed, 'somebody'] }),
        of({ feed: `${feed}-not` }),
      ]);
      const found: string[] = [];
      for await (const page of store().indicators.ofFeed(feed)) found.push(...page.map(({ tipline }) => tipline.id));
      const expected = [quoting, toCome, alone, allowed, unnoted].map((document) => document?.tipline.id);
      assert.deepEqual(found.sort(), expected.sort());
      assert.ok(others !== undefined && !found.includes(others.tipline.id));
    });
  });

  suite('findExpiring', (store) => {
    it('gives ids by the time of their recheck, soonest first, up to the limit', async () => {
      const at = (day: string): string => `2001-01-${day}T00:00:00.000Z`;
      const [third, first, second] = await put(store(), [
        { type: 'domain', value: freshDomain(), recheckAt: at('03') },
        { type: 'domain', value: freshDomain(), recheckAt: at('01') },
        { type: 'domain', value: freshDomain(), recheckAt: at('02') },
        { type: 'domain', value: freshDomain(), recheckAt: at('09') },
        { type: 'domain', value: freshDomain(), expiresAt: at('01'), status: 'expired' },
      ]);
      const ids = [first, second, third].map((document) => document?.tipline.id);
      const before = Date.parse(at('03'));
      const found = (until: number, limit: number) => store().indicators.findExpiring(until, limit);
      const times = ['01', '02', '03'].map((day) => Date.parse(at(day)));
      const all = ids.map((id, index) => ({ id, recheckAt: times[index] }));
      assert.deepEqual(await found(before, 100), all, 'not after, so equal counts');
      assert.deepEqual(await found(before - 1, 100), all.slice(0, 2));
      assert.deepEqual(await found(before, 1), all.slice(0, 1));
      // Derived again, it is expired and asks for no recheck any more.
      const [done] = await put(store(), [
        { type: 'domain', value: first?.tipline.value ?? '', revision: 2, status: 'expired' },
      ]);
      assert.equal(done?.tipline.id, ids[0]);
      assert.deepEqual(await found(before, 100), all.slice(1));
    });
  });

  suite('statements', (store) => {
    it('gives history by the ids of indicators, each document once, in pages', async () => {
      const documents = Array.from({ length: 520 }, () => sampleDocument({ type: 'domain', value: freshDomain() }));
      const days = ['2026-03-01', '2026-03-02'];
      await writeAll(
        store(),
        documents.map((document) =>
          sampleWrite(
            document,
            days.map((day) => sampleHistory(document, day, day)),
          ),
        ),
      );
      const ours = new Set(documents.map(({ tipline }) => tipline.id));
      const idsOf = async (from: string, to: string | undefined): Promise<string[]> => {
        const found: string[] = [];
        for await (const page of store().indicators.statements({ from, to })) {
          for (const { tipline, event } of page) {
            if (tipline === undefined || !ours.has(tipline.id)) continue;
            assert.equal(typeof event?.created, 'string');
            assert.equal(tipline.claim?.source, 'sample-feed');
            found.push(tipline.id);
          }
        }
        return found.sort();
      };
      const all = [...ours, ...ours].sort();
      assert.deepEqual(await idsOf('', undefined), all);
      assert.deepEqual(
        await idsOf('0', '8'),
        all.filter((id) => id < '8'),
      );
      assert.deepEqual(
        await idsOf('8', undefined),
        all.filter((id) => id >= '8'),
      );
    });
  });

  suite('values', (store) => {
    it('gives every indicator once, with the warning list that its document names', async () => {
      const domain = freshDomain();
      const plain = sampleDocument({ type: 'domain', value: `a.${domain}` });
      const known = sampleDocument({ type: 'domain', value: `b.${domain}` });
      known.tipline.benign = 'Popular "domains"';
      const many = Array.from({ length: 1_200 }, (_, n) =>
        sampleDocument({ type: 'domain', value: `n${n}.${domain}` }),
      );
      await writeAll(
        store(),
        [plain, known, ...many].map((document) => sampleWrite(document, [])),
      );
      const found: StoredValue[] = [];
      for await (const page of store().indicators.values()) {
        assert.ok(page.length > 0);
        found.push(...page.filter(({ value }) => value.endsWith(domain)));
      }
      assert.equal(found.length, 1_202);
      assert.equal(new Set(found.map(({ id }) => id)).size, 1_202);
      const of = ({ tipline: { id, type, value } }: EnrichedDocument) => ({ id, type, value });
      assert.deepEqual(
        found.find(({ id }) => id === plain.tipline.id),
        of(plain),
      );
      assert.deepEqual(
        found.find(({ id }) => id === known.tipline.id),
        { ...of(known), benign: 'Popular "domains"' },
      );
    });
  });

  suite('findCovered', (store) => {
    async function covered(entry: Covering): Promise<Set<string>> {
      const found: string[] = [];
      for await (const page of store().indicators.findCovered(entry)) {
        assert.ok(page.length > 0);
        found.push(...page);
      }
      assert.equal(new Set(found).size, found.length, 'no id twice');
      return new Set(found);
    }

    function idsOf(documents: readonly EnrichedDocument[], values: readonly string[]): Set<string> {
      return new Set(
        values.map((value) => {
          const document = documents.find(({ tipline }) => tipline.value === value);
          assert.ok(document !== undefined, value);
          return document.tipline.id;
        }),
      );
    }

    async function expectCovered(
      documents: readonly EnrichedDocument[],
      entry: Covering,
      values: readonly string[],
    ): Promise<void> {
      assert.deepEqual(await covered(entry), idsOf(documents, values), `${entry.type} ${entry.value}`);
    }

    it('goes by overlap for addresses and blocks', async () => {
      const net = freshNetwork();
      const documents = await put(store(), [
        { type: 'ip', value: `${net}.1` },
        { type: 'ip', value: `${net}.64` },
        { type: 'ip', value: `${net}.127` },
        { type: 'ip', value: `${net}.128` },
        { type: 'cidr', value: `${net}.0/24` },
        { type: 'cidr', value: `${net}.64/26` },
        { type: 'cidr', value: `${net}.64/28` },
        { type: 'cidr', value: `${net}.128/25` },
        { type: 'domain', value: `64.${freshDomain()}` },
      ]);
      const block = [`${net}.64`, `${net}.127`, `${net}.0/24`, `${net}.64/26`, `${net}.64/28`];
      await expectCovered(documents, { type: 'cidr', value: `${net}.64/26` }, block);
      await expectCovered(documents, { type: 'ip', value: `${net}.1` }, [`${net}.1`, `${net}.0/24`]);
      await expectCovered(documents, { type: 'ip', value: `${net}.200` }, [`${net}.0/24`, `${net}.128/25`]);
    });

    it('goes by overlap for IPv6, and never across families', async () => {
      const net = freshNetwork6();
      const documents = await put(store(), [
        { type: 'ip', value: `${net}::1` },
        { type: 'ip', value: `${net}:8000::1` },
        { type: 'cidr', value: `${net}::/64` },
        { type: 'cidr', value: `${net}:8000::/65` },
      ]);
      const all = documents.map(({ tipline }) => tipline.value);
      await expectCovered(documents, { type: 'cidr', value: `${net}::/64` }, all);
      await expectCovered(documents, { type: 'ip', value: `${net}::1` }, [`${net}::1`, `${net}::/64`]);
      const ids = new Set(documents.map(({ tipline }) => tipline.id));
      for (const id of await covered({ type: 'cidr', value: '0.0.0.0/0' })) assert.ok(!ids.has(id));
    });

    it('goes for URLs by the address that is their host', async () => {
      const net = freshNetwork();
      const net6 = freshNetwork6();
      const url = (host: string): string => `http://${host}/x`;
      const [low, high, other] = [`${net}.64`, `${net}.127`, `${net}.6`].map(url);
      const port = `https://user:pw@${net}.64:8443/y?z=${net}.1`;
      const [one, far, half] = [`[${net6}::1]`, `[${net6}:0:1::]:81`, `[${net6}:8000::1]`].map(url);
      assert.ok(low && high && other && one && far && half);
      const names = [url(`${net}.${freshDomain()}`), `http://${freshDomain()}/?u=${net}.64`];
      const documents = await put(store(), [
        { type: 'ip', value: `${net}.64` },
        ...[low, high, other, port, one, far, half, ...names].map((value): Sample => ({ type: 'url', value })),
        { type: 'email', value: `${net}.64@${freshDomain()}` },
      ]);
      const covers = (entry: Covering, values: readonly string[]) => expectCovered(documents, entry, values);
      await covers({ type: 'ip', value: `${net}.64` }, [`${net}.64`, low, port]);
      await covers({ type: 'ip', value: `${net}.127` }, [high]);
      await covers({ type: 'cidr', value: `${net}.64/26` }, [`${net}.64`, low, port, high]);
      await covers({ type: 'cidr', value: `${net}.0/26` }, [other]);
      await covers({ type: 'cidr', value: `${net}.0/24` }, [`${net}.64`, low, port, high, other]);
      await covers({ type: 'cidr', value: `${net}.127/32` }, [high]);
      await covers({ type: 'ip', value: `${net6}::1` }, [one]);
      await covers({ type: 'cidr', value: `${net6}::/64` }, [one, far, half]);
      await covers({ type: 'cidr', value: `${net6}::/65` }, [one, far]);
      await covers({ type: 'cidr', value: `${net6}::/96` }, [one]);

      // Blocks so wide that their addresses have no text in common, among what other suites left.
      const ids = new Set(documents.map(({ tipline }) => tipline.id));
      const ours = async (value: string): Promise<Set<string>> =>
        new Set([...(await covered({ type: 'cidr', value }))].filter((id) => ids.has(id)));
      assert.deepEqual(await ours('0.0.0.0/0'), idsOf(documents, [`${net}.64`, low, port, high, other]));
      assert.deepEqual(await ours('::/0'), idsOf(documents, [one, far, half]));
    });

    it('goes for a domain by itself, what is below it, and their URLs and e-mail addresses', async () => {
      const name = freshDomain();
      const documents = await put(store(), [
        { type: 'domain', value: name },
        { type: 'domain', value: `www.${name}` },
        { type: 'domain', value: `a.b.www.${name}` },
        { type: 'domain', value: `not${name}` },
        { type: 'domain', value: `${name}.org` },
        { type: 'domain', value: `not-.${name}` },
        { type: 'url', value: `https://${name}/x` },
        { type: 'url', value: `https://user:pw@www.${name}:8443/y?z=${name}` },
        { type: 'url', value: `https://not${name}/x` },
        { type: 'url', value: `https://example.org/?u=${name}` },
        { type: 'email', value: `someone@${name}` },
        { type: 'email', value: `a.b+c@www.${name}` },
        { type: 'email', value: `x.${name}@example.org` },
        { type: 'email', value: `someone@not${name}` },
        { type: 'email', value: `someone@${name}.org` },
      ]);
      const below = [
        `www.${name}`,
        `a.b.www.${name}`,
        `https://user:pw@www.${name}:8443/y?z=${name}`,
        `a.b+c@www.${name}`,
      ];
      const all = [name, `not-.${name}`, `https://${name}/x`, `someone@${name}`, ...below];
      await expectCovered(documents, { type: 'domain', value: name }, all);
      await expectCovered(documents, { type: 'domain', value: `www.${name}` }, below);
      await expectCovered(documents, { type: 'domain', value: `nothing.${name}` }, []);
    });

    it('gives all of many URLs of a block, in pages, and no others', async () => {
      const net = freshNetwork();
      const samples = Array.from({ length: 2_400 }, (_, at): Sample => {
        // Every other one is in the lower half of the block.
        return { type: 'url', value: `http://${net}.${(at & 1) * 128 + (at & 63)}/${at}` };
      });
      const documents = await put(store(), samples);
      const lower = documents.map(({ tipline }) => tipline.value).filter((_, at) => (at & 1) === 0);
      await expectCovered(documents, { type: 'cidr', value: `${net}.0/25` }, lower);
    });

    it('gives all of many, in pages', async () => {
      const name = freshDomain();
      const documents = await put(
        store(),
        Array.from({ length: 1_200 }, (_, at): Sample => ({ type: 'domain', value: `n${at}.${name}` })),
      );
      await expectCovered(
        documents,
        { type: 'domain', value: name },
        documents.map(({ tipline }) => tipline.value),
      );
    });

    it('goes for all else by the value itself', async () => {
      const hash = (): string => createHash('sha256').update(randomBytes(8)).digest('hex');
      const own: [IndicatorType, string][] = [
        ['sha256', hash()],
        ['sha256', hash()],
        ['url', `https://${freshDomain()}/a`],
        ['email', `someone@${freshDomain()}`],
      ];
      const documents = await put(
        store(),
        own.map(([type, value]) => ({ type, value })),
      );
      for (const [type, value] of own) await expectCovered(documents, { type, value }, [value]);
      await expectCovered(documents, { type: 'sha256', value: hash() }, []);
    });
  });
}
