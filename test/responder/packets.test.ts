import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { createNftables } from '../../responder/backends/nftables/nftables.ts';
import type { Renewal } from '../../responder/backends/nftables/script.ts';
import { textOf } from '../../responder/guard.ts';
import { requestUnblock } from '../../responder/ledger/requests.ts';
import type { Responder } from '../../responder/worker.ts';
import { type Lab, type Place, withNamespaces } from '../services/netns.ts';
import { until } from '../services/wait.ts';
import { type Desk, type DeskOptions, openDesk } from './desk.ts';
import { documentOf } from './documents.ts';

/** A responder that works on the firewall in the middle of the lab. */
async function withFirewall(
  t: TestContext,
  options: DeskOptions & { renewal?: Renewal },
  work: (lab: Lab, desk: Desk, responder: Responder) => Promise<void>,
): Promise<void> {
  await withNamespaces(async (lab) => {
    const desk = await openDesk(t);
    const { renewal, ...rest } = options;
    const backend = createNftables({
      chains: ['input', 'forward', 'output'],
      command: lab.command('firewall', ['nft']),
      ...(renewal === undefined ? {} : { renewal }),
    });
    const responder = desk.start({ backend, ...rest });
    try {
      await work(lab, desk, responder);
    } finally {
      await responder.stop();
    }
  });
}

const families = ['v4', 'v6'] as const;

/** Every way in, through and out that a packet of `address` (at the attacker's) can take. */
function ways(lab: Lab, address: string) {
  const family = address.includes(':') ? 'v6' : 'v4';
  const [firewall] = lab.addresses.firewall[family];
  const [server] = lab.addresses.server[family];
  return [
    { hook: 'input', from: 'attacker', sourceAddress: address, to: firewall },
    { hook: 'forward, from', from: 'attacker', sourceAddress: address, to: server },
    { hook: 'forward, to', from: 'server', to: address },
    { hook: 'output', from: 'firewall', to: address },
  ] as const satisfies readonly { hook: string; from: Place; to: string; sourceAddress?: string }[];
}

async function passes(
  t: TestContext,
  lab: Lab,
  what: string,
  addresses: readonly string[],
  expected: boolean,
): Promise<void> {
  const probes = addresses.flatMap((address) =>
    ways(lab, address).flatMap((way) => (['tcp', 'udp'] as const).map((protocol) => ({ address, way, protocol }))),
  );
  const results = await Promise.all(
    probes.map(async ({ address, way: { hook, ...way }, protocol }) => ({
      name: `${address} ${hook} over ${protocol}`,
      reached: await lab.reaches({ ...way, protocol }),
    })),
  );
  const reached = results.filter((result) => result.reached).length;
  t.diagnostic(`${what}: ${probes.length} probes sent, ${reached} answered`);
  for (const result of results) assert.equal(result.reached, expected, `${what}: ${result.name}`);
}

test('what is blocked passes neither in, through nor out, and its neighbours do', async (t) => {
  await withFirewall(t, {}, async (lab, desk, responder) => {
    const hosts = families.map((family) => lab.addresses.attacker[family][0]);
    const inNetworks = families.flatMap((family) => lab.addresses.attacker[family].slice(1, 3));
    const neighbours = families.map((family) => lab.addresses.attacker[family][3]);
    await responder.settle();
    await passes(t, lab, 'before', [...hosts, ...inNetworks, ...neighbours], true);

    const [host = '', ,] = hosts;
    const flow = await lab.open({ from: 'attacker', to: lab.addresses.server.v4[0], sourceAddress: host });
    assert.equal(await flow.echoes(), true);

    await desk.publish(...hosts.map((address) => documentOf(address, Date.now())));
    await desk.settled(responder);
    await passes(t, lab, 'hosts blocked', hosts, false);
    await passes(t, lab, 'their neighbours', [...inNetworks, ...neighbours], true);
    assert.equal(await flow.echoes(), false, 'a connection from before the block');

    // .10 to .12 and ::10 to ::1f
    await desk.publish(...['198.51.100.8/29', '2001:db8:a::10/124'].map((network) => documentOf(network, Date.now())));
    await desk.settled(responder);
    await passes(t, lab, 'networks blocked', [...hosts, ...inNetworks], false);
    await passes(t, lab, 'outside of them', neighbours, true);

    const { stdout } = await lab.exec('firewall', ['nft', '-j', 'list', 'counters', 'table', 'inet', 'tipline']);
    for (const name of ['input', 'forward_from', 'forward_to', 'output']) {
      const packets = Number(
        new RegExp(`"name": "${name}", "table": "tipline", "handle": \\d+, "packets": (\\d+)`).exec(stdout)?.[1],
      );
      assert.ok(packets > 0, `counter ${name}`);
      t.diagnostic(`dropped by ${name}: ${packets} packets`);
    }

    const revoked = [...hosts, '198.51.100.8/29', '2001:db8:a::10/124'];
    await desk.publish(...revoked.map((value) => documentOf(value, Date.now(), { revision: 2, status: 'revoked' })));
    await desk.settled(responder);
    await passes(t, lab, 'revoked', [...hosts, ...inNetworks, ...neighbours], true);
    await flow.close();
    assert.deepEqual(responder.counts(), { planned: 0, enforced: 4, refused: 0, waiting: 0 });
  });
});

for (const renewal of [undefined, 'replace'] as const) {
  test(`a re-seen address is still blocked after its first deadline, and not for ever (${renewal ?? 'renewal as probed'})`, async (t) => {
    // from the first deadline to the second there must be room for the kernel's whole seconds and for probes that wait in vain
    const blockFor = 8000;
    await withFirewall(
      t,
      { config: { block_for: blockFor }, ...(renewal === undefined ? {} : { renewal }) },
      async (lab, desk, responder) => {
        const address = lab.addresses.attacker.v4[0];
        const network = '2001:db8:a::10/124';
        const inside = lab.addresses.attacker.v6[0];
        const reached = async () =>
          (
            await Promise.all([
              lab.reaches({ from: 'attacker', sourceAddress: address, to: lab.addresses.server.v4[0] }),
              lab.reaches({ from: 'attacker', sourceAddress: inside, to: lab.addresses.server.v6[0] }),
            ])
          ).filter(Boolean).length;
        const began = Date.now();
        const since = () => `${((Date.now() - began) / 1000).toFixed(1)} s`;
        await desk.publish(documentOf(address, began), documentOf(network, began));
        await desk.settled(responder);
        const deadline = desk.ledger.rows.get(address)?.until ?? 0;
        assert.equal(await reached(), 0);

        await until(() => Date.now() > began + blockFor / 2, { what: 'half of the block time' });
        await desk.publish(
          documentOf(address, Date.now(), { revision: 2 }),
          documentOf(network, Date.now(), { revision: 2 }),
        );
        await desk.settled(responder);
        t.diagnostic(`seen again after ${since()}`);

        // the kernel counts whole seconds up
        await until(() => Date.now() > deadline + 1000, { what: 'the first deadline' });
        assert.equal(await reached(), 0, 'blocked after the first deadline');
        t.diagnostic(`still blocked after ${since()}`);
        await until(async () => (await reached()) === 2, { what: 'the second deadline' });
        t.diagnostic(`free after ${since()}`);
        await until(() => desk.ledger.rows.get(network)?.state === 'released', { what: 'the ledger to say so' });
      },
    );
  });
}

test('a narrower network takes over when the wider one around it ends', async (t) => {
  await withFirewall(t, {}, async (lab, desk, responder) => {
    const address = lab.addresses.attacker.v4[0];
    await desk.publish(
      documentOf('198.51.100.8/29', Date.now()),
      documentOf('198.51.100.0/25', Date.now()),
      documentOf(address, Date.now()),
    );
    await desk.settled(responder);
    assert.equal(desk.ledger.rows.get('198.51.100.8/29')?.coveredBy, '198.51.100.0/25');
    await passes(t, lab, 'all three', [address], false);
    await desk.publish(documentOf('198.51.100.0/25', Date.now(), { revision: 2, status: 'allowed' }));
    await desk.settled(responder);
    assert.equal(desk.ledger.rows.get('198.51.100.8/29')?.coveredBy, null);
    await passes(t, lab, 'the narrower network', [address], false);
    requestUnblock(desk.ledger, '198.51.100.8/29', { reason: 'ours', hold: 60_000 }, Date.now());
    await responder.settle();
    await passes(t, lab, 'the host alone', [address], false);
    await passes(t, lab, 'its neighbours', [lab.addresses.attacker.v4[1]], true);
    requestUnblock(desk.ledger, address, { reason: 'ours', hold: 60_000 }, Date.now());
    await responder.settle();
    await passes(t, lab, 'none', [address], true);
  });
});

const HOSTILE = [
  '198.51.100.10 }; add table inet evil; #',
  '198.51.100.10\nflush ruleset\n',
  '$(nft flush ruleset)',
  '198.51.100.10, 0.0.0.0/0',
  '0.0.0.0/0',
  '::/0',
  '010.0.0.1',
  '1',
  '0x01020304',
  'localhost',
  '::ffff:198.51.100.10',
  '198.51.100.10-198.51.100.20',
  '@hosts4',
  '198.51.100.10/24',
  '',
];

test('hostile text changes nothing', async (t) => {
  await withFirewall(t, {}, async (lab, desk, responder) => {
    await responder.settle();
    const ruleset = async () => (await lab.exec('firewall', ['nft', 'list', 'ruleset'])).stdout;
    const before = await ruleset();
    for (const type of ['ip', 'cidr'] as const) {
      await desk.publish(...HOSTILE.map((value) => documentOf(value, Date.now(), { type })));
    }
    await desk.settled(responder);
    assert.equal(await ruleset(), before);
    assert.deepEqual(
      responder.counts(),
      { planned: 0, enforced: 0, refused: 2, waiting: 0 },
      'the two whole internets are refused',
    );

    const source = '}; flush ruleset #\n';
    const document = documentOf('198.51.100.10', Date.now());
    const claims = document.tipline.claims.map((claim) => ({
      ...claim,
      source,
      ref: source,
      tags: ['malicious', source],
    }));
    await desk.publish({ ...document, tipline: { ...document.tipline, claims } });
    await desk.settled(responder);
    await passes(t, lab, 'a good address from a feed with a bad name', ['198.51.100.10'], false);
    assert.equal((await ruleset()).split('\n').length, before.split('\n').length + 1, 'one line of elements more');
  });
});

test('a ruleset flushed by somebody else is put back', async (t) => {
  await withFirewall(t, {}, async (lab, desk, responder) => {
    const address = lab.addresses.attacker.v4[0];
    await desk.publish(documentOf(address, Date.now()), documentOf('198.51.100.12/31', Date.now()));
    await desk.settled(responder);
    await lab.exec('firewall', ['nft', 'flush', 'ruleset']);
    const flushed = performance.now();
    const probe = { from: 'attacker', sourceAddress: address, to: lab.addresses.server.v4[0] } as const;
    assert.equal(await lab.reaches(probe), true, 'open after the flush');
    await until(async () => !(await lab.reaches(probe)), { what: 'the block to be back', timeout: 20_000 });
    t.diagnostic(`open for ${((performance.now() - flushed) / 1000).toFixed(1)} s`);
    await passes(t, lab, 'restored', [address, lab.addresses.attacker.v4[2]], false);
    const backend = createNftables({ chains: ['input'], command: lab.command('firewall', ['nft']) });
    assert.deepEqual((await backend.list(0)).map(({ prefix }) => textOf(prefix)).sort(), [
      '198.51.100.10',
      '198.51.100.12/31',
    ]);
  });
});
