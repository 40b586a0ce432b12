import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { parsePrefix } from '../../../../core/indicator/address.ts';
import type { Backend, Change } from '../../../../responder/backends/backend.ts';
import { createNftables, type NftablesOptions } from '../../../../responder/backends/nftables/nftables.ts';
import { textOf } from '../../../../responder/guard.ts';
import { runCommand } from '../../../services/command.ts';
import { makeNamespaces, type Namespace } from '../../../services/netns/namespace.ts';
import { until } from '../../../services/wait.ts';

let network: Namespace;

before(async () => {
  const [made] = await makeNamespaces(1);
  assert.ok(made);
  network = made;
});
after(() => network.release());
beforeEach(async () => {
  await nft('flush ruleset\n');
});

/** Runs a script in the namespace, as an administrator would. */
async function nft(script: string): Promise<void> {
  const { code, stderr } = await runCommand(network.command(['nft', '-f', '-']), { input: script });
  assert.equal(code, 0, stderr);
}

async function listing(...what: string[]): Promise<string> {
  return (await runCommand(network.command(['nft', 'list', ...what]))).stdout;
}

function backend(options: Partial<NftablesOptions> = {}): Backend {
  return createNftables({ chains: ['input', 'forward', 'output'], command: network.command(['nft']), ...options });
}

function change(kind: Change['kind'], text: string, seconds = 60): Change {
  const prefix = parsePrefix(text);
  assert.ok(prefix, text);
  return kind === 'remove' ? { kind, prefix } : { kind, prefix, until: Date.now() + seconds * 1000 };
}

/** Text of everything blocked, with whole seconds left. */
async function held(of: Backend): Promise<Map<string, number>> {
  const now = Date.now();
  const list = await of.list(now);
  return new Map(list.map((one) => [textOf(one.prefix), (one.until - now) / 1000]));
}

async function applied(of: Backend, ...changes: Change[]): Promise<string[]> {
  const outcomes = await of.apply(changes, Date.now());
  return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.code));
}

for (const renewal of [undefined, 'replace'] as const) {
  describe(`with renewal ${renewal ?? 'as probed'}`, () => {
    const make = () => backend(renewal === undefined ? {} : { renewal });

    it('holds hosts and networks of both families, renews and removes them', async () => {
      const firewall = make();
      assert.equal(await firewall.ensure(), true);
      const all = ['9.1.1.1', '9.2.0.0/16', '2a00::1', '2a01::/32'];
      assert.deepEqual(await applied(firewall, ...all.map((text) => change('add', text, 20))), [
        'ok',
        'ok',
        'ok',
        'ok',
      ]);
      const first = await held(firewall);
      assert.deepEqual([...first.keys()].sort(), [...all].sort());
      assert.ok([...first.values()].every((left) => left > 15 && left <= 20));

      // the same timeout again, which nftables alone would ignore
      await until(async () => [...(await held(firewall)).values()].every((left) => left <= 18), {
        what: 'two seconds to pass',
      });
      await applied(firewall, ...all.map((text) => change('renew', text, 20)));
      assert.ok(
        [...(await held(firewall)).values()].every((left) => left > 18),
        'renewed with the same timeout',
      );

      await applied(firewall, ...all.map((text) => change('remove', text)));
      assert.deepEqual([...(await held(firewall)).keys()], []);
    });

    it('swaps narrower networks for a wider one and back, each in one go', async () => {
      const firewall = make();
      await firewall.ensure();
      await applied(firewall, change('add', '9.5.1.0/24'), change('add', '9.5.2.0/24'), change('add', '9.6.0.0/16'));
      const wide = [
        change('remove', '9.5.1.0/24'),
        change('remove', '9.5.2.0/24'),
        change('add', '9.5.0.0/16'),
        change('renew', '9.6.0.0/16'),
      ];
      assert.deepEqual(await applied(firewall, ...wide), ['ok', 'ok', 'ok', 'ok']);
      assert.deepEqual([...(await held(firewall)).keys()].sort(), ['9.5.0.0/16', '9.6.0.0/16']);
      await applied(firewall, change('remove', '9.5.0.0/16'), change('add', '9.5.1.0/24'), change('add', '9.5.2.0/24'));
      assert.deepEqual([...(await held(firewall)).keys()].sort(), ['9.5.1.0/24', '9.5.2.0/24', '9.6.0.0/16']);
    });

    it('removes what has ended meanwhile without complaint', async () => {
      const firewall = make();
      await firewall.ensure();
      await applied(
        firewall,
        change('add', '9.1.1.1', 1),
        change('add', '9.2.0.0/16', 1),
        change('add', '9.3.0.0/16', 60),
      );
      await until(async () => (await held(firewall)).size === 1, { what: 'the short ones to end' });
      const gone = [
        change('remove', '9.1.1.1'),
        change('remove', '9.2.0.0/16'),
        change('remove', '2a00::/32'),
        change('add', '9.4.4.4'),
      ];
      assert.deepEqual(await applied(firewall, ...gone), ['ok', 'ok', 'ok', 'ok']);
      assert.deepEqual([...(await held(firewall)).keys()].sort(), ['9.3.0.0/16', '9.4.4.4']);
    });
  });
}

it('finds the offender in a batch and does the rest', async () => {
  const firewall = backend();
  await firewall.ensure();
  await applied(firewall, change('add', '9.5.0.0/16'));
  const batch = Array.from({ length: 100 }, (_, at) => change('add', `9.7.${at}.1`));
  batch.splice(37, 0, change('add', '9.5.1.0/24'));
  const outcomes = await applied(firewall, ...batch);
  assert.equal(outcomes[37], 'BACKEND_REJECTED');
  assert.equal(outcomes.filter((outcome) => outcome === 'ok').length, 100);
  assert.equal((await held(firewall)).size, 101);
});

it('says that a set is full, and still takes what fits', async () => {
  const firewall = backend({ setSize: 200 });
  await firewall.ensure();
  const batch = Array.from({ length: 400 }, (_, at) => change('add', `9.8.${at >> 8}.${at & 255}`));
  const outcomes = await applied(firewall, ...batch);
  const full = outcomes.filter((outcome) => outcome === 'BACKEND_FULL').length;
  assert.equal((await held(firewall)).size, 400 - full);
  assert.ok(full >= 200 && full <= 300, `${full} did not fit`);
});

it('touches nothing but its own table, and leaves when told', async () => {
  await nft(
    'table inet admin { chain input { type filter hook input priority 0; policy accept; counter accept; }; }\n',
  );
  const before = await listing('table', 'inet', 'admin');
  const firewall = backend();
  await firewall.ensure();
  await applied(firewall, change('add', '9.1.1.1'));
  assert.equal(await firewall.ensure(), false, 'there already');
  assert.equal((await held(firewall)).size, 1);
  await firewall.teardown();
  assert.equal((await firewall.probe()).state, 'missing');
  assert.equal(await listing('table', 'inet', 'admin'), before);
  await firewall.teardown();
});

it('makes only the chains it was asked for, also when it made more before', async () => {
  await backend().ensure();
  await backend({ chains: ['input'] }).ensure();
  const table = await listing('table', 'inet', 'tipline');
  assert.match(table, /chain input/);
  assert.doesNotMatch(table, /chain (forward|output)/);
});

it('notices what others do to its table, and mends it', async () => {
  const firewall = backend();
  await firewall.ensure();
  await applied(firewall, change('add', '9.1.1.1'));
  assert.equal((await firewall.probe()).state, 'intact');
  for (const harm of [
    'insert rule inet tipline input ip saddr 9.1.1.1 accept',
    'flush chain inet tipline forward',
    'delete chain inet tipline output',
    'add table inet tipline { flags dormant; }',
  ]) {
    await nft(`${harm}\n`);
    // (nft 1.0.6 writes garbage for the flags of a dormant table, which may be no JSON)
    assert.notEqual((await firewall.probe()).state, 'intact', harm);
    assert.equal(await firewall.ensure(), false);
    assert.equal((await firewall.probe()).state, 'intact', harm);
    assert.equal((await held(firewall)).size, 1, harm);
  }
  await nft('flush ruleset\n');
  assert.equal((await firewall.probe()).state, 'missing');
  await assert.rejects(firewall.apply([change('add', '9.1.1.1')], Date.now()), {
    code: 'NFT_TABLE_GONE',
    retryable: true,
  });
  await assert.rejects(firewall.list(Date.now()), { code: 'NFT_TABLE_GONE' });
  assert.equal(await firewall.ensure(), true);
  assert.equal((await firewall.probe()).state, 'intact');
});

it('replaces a table of its name that is made otherwise', async () => {
  await nft('table inet tipline { set hosts4 { type ipv6_addr; }; }\n');
  const firewall = backend();
  assert.equal(await firewall.ensure(), true);
  assert.deepEqual(await applied(firewall, change('add', '9.1.1.1')), ['ok']);
});

it('tells an element without a deadline from its own', async () => {
  const firewall = backend();
  await firewall.ensure();
  await nft('add element inet tipline hosts4 { 9.1.1.1 }\n');
  assert.equal((await held(firewall)).get('9.1.1.1'), Number.POSITIVE_INFINITY);
});

it('says what to do without permission or without nft', async () => {
  const powerless = ['setpriv', '--reuid=65534', '--clear-groups', '--bounding-set=-all', 'nft'];
  await assert.rejects(backend({ command: network.command(powerless) }).ensure(), {
    code: 'NFT_PERMISSION',
    message: /CAP_NET_ADMIN/,
    retryable: false,
  });
  await assert.rejects(backend({ command: ['/no/such/nft'] }).ensure(), { code: 'NFT_MISSING', retryable: false });
});

it('blames no element when the firewall refuses everything', async () => {
  const firewall = backend({
    command: network.command([
      'sh',
      '-c',
      'cat >/dev/null; case "$*" in *list*) echo \'{"nftables":[{"table":{"family":"inet","name":"tipline"}}]}\';; *) echo "Error: broken" >&2; exit 1;; esac',
      'sh',
    ]),
  });
  await assert.rejects(firewall.apply([change('add', '9.1.1.1'), change('add', '9.1.1.2')], Date.now()), {
    code: 'NFT_FAILED',
    retryable: true,
  });
});

it('carries 100,000 hosts and 1,000 networks', async (t) => {
  const firewall = backend();
  await firewall.ensure();
  const hosts = Array.from({ length: 100_000 }, (_, at) => `9.${at >> 16}.${(at >> 8) & 255}.${at & 255}`);
  const networks = Array.from({ length: 1000 }, (_, at) => `11.${at >> 8}.${at & 255}.0/24`);
  const timed = async (what: string, kind: Change['kind'], texts: readonly string[]) => {
    const began = performance.now();
    for (let at = 0; at < texts.length; at += firewall.maxChanges) {
      const outcomes = await applied(
        firewall,
        ...texts.slice(at, at + firewall.maxChanges).map((text) => change(kind, text, 3600)),
      );
      assert.ok(outcomes.every((outcome) => outcome === 'ok'));
    }
    const seconds = (performance.now() - began) / 1000;
    t.diagnostic(`${what}: ${seconds.toFixed(2)} s (${firewall.maxChanges} a transaction)`);
    return seconds;
  };
  const load =
    (await timed('1,000 networks added', 'add', networks)) + (await timed('100,000 hosts added', 'add', hosts));
  assert.ok(load < 30, 'load');
  await timed('1,000 networks renewed', 'renew', networks);
  assert.ok((await timed('100,000 hosts renewed', 'renew', hosts)) < 30);
  const began = performance.now();
  assert.equal((await held(firewall)).size, 101_000);
  t.diagnostic(`all listed: ${((performance.now() - began) / 1000).toFixed(2)} s`);
  const probed = performance.now();
  assert.equal((await firewall.probe()).state, 'intact');
  t.diagnostic(`probe: ${(performance.now() - probed).toFixed(0)} ms`);
});
