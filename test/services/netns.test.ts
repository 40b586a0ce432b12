import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Lab, type Place, withNamespaces } from './netns.ts';

const families = ['v4', 'v6'] as const;
const protocols = ['tcp', 'udp'] as const;

describe('network namespaces', () => {
  it('lets everybody reach everybody while there is no rule', async () => {
    await withNamespaces(async (lab) => {
      for (const { from, to, name } of pairs(lab)) {
        for (const protocol of protocols) {
          assert.equal(await lab.reaches({ from, to, protocol }), true, `${name} over ${protocol}`);
        }
      }
    });
  });

  for (const family of families) {
    it(`drops by a rule in the firewall what comes from one ${family} address, until the rule is gone`, async () => {
      await withNamespaces(async (lab) => {
        const [blocked, neighbour] = lab.addresses.attacker[family];
        const to = lab.addresses.server[family][0];
        const passing = (sourceAddress: string) =>
          Promise.all(protocols.map((protocol) => lab.reaches({ from: 'attacker', to, sourceAddress, protocol })));
        const flow = await lab.open({ from: 'attacker', to, sourceAddress: blocked });
        assert.equal(await flow.echoes(), true, 'a connection before the rule');

        await lab.exec('firewall', ['nft', '-f', '-'], { input: dropFrom(blocked, family) });
        assert.deepEqual(await Promise.all([passing(blocked), passing(neighbour), flow.echoes()]), [
          [false, false],
          [true, true],
          false,
        ]);

        await lab.exec('firewall', ['nft', 'delete', 'table', 'inet', 'probe']);
        assert.deepEqual(await passing(blocked), [true, true], 'after the rule');
        await flow.close();
      });
    });
  }

  it('keeps labs apart that are there at the same time', async () => {
    await withNamespaces(async (one) => {
      await withNamespaces(async (other) => {
        const [blocked] = one.addresses.attacker.v4;
        await one.exec('firewall', ['nft', '-f', '-'], { input: dropFrom(blocked, 'v4') });
        const probe = { from: 'attacker', to: one.addresses.server.v4[0], sourceAddress: blocked } as const;
        assert.deepEqual([await one.reaches(probe), await other.reaches(probe)], [false, true]);
      });
    });
  });

  it('gives paths and commands that lead into the right place', async () => {
    await withNamespaces(async (lab) => {
      const devices = await lab.exec('firewall', ['ip', '-brief', 'link']);
      assert.match(devices.stdout, /outside/);
      const [program = '', ...args] = lab.command('server', ['ip', '-brief', 'address']);
      assert.match(program, /nsenter/);
      assert.ok(args.some((arg) => arg.endsWith(lab.path('server'))));
      await assert.rejects(lab.exec('server', ['nft', 'list', 'table', 'inet', 'absent']), /No such file/);
    });
  });
});

function pairs(lab: Lab): { from: Place; to: string; name: string }[] {
  const places = ['attacker', 'firewall', 'server'] as const;
  return places.flatMap((from) =>
    places
      .filter((target) => target !== from)
      .flatMap((target) =>
        families.flatMap((family) =>
          lab.addresses[target][family].map((to) => ({ from, to, name: `${from} to ${to} of ${target}` })),
        ),
      ),
  );
}

function dropFrom(address: string, family: 'v4' | 'v6'): string {
  return `table inet probe {
    chain forward {
      type filter hook forward priority -150; policy accept;
      ${family === 'v4' ? 'ip' : 'ip6'} saddr ${address} drop
    }
  }`;
}
