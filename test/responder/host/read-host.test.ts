import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { formatIp } from '../../../core/indicator/address.ts';
import { textOf } from '../../../responder/guard.ts';
import { createNamedAddresses } from '../../../responder/host/peers.ts';
import { createHostReader } from '../../../responder/host/read-host.ts';
import { resolversIn } from '../../../responder/host/resolvers.ts';
import { createRouteTables, nextHopsIn, runIp } from '../../../responder/host/route-tables.ts';
import { ipv4Gateways, ipv6Gateways } from '../../../responder/host/routes.ts';
import { socketsIn } from '../../../responder/host/sockets.ts';
import { createSshPeers } from '../../../responder/host/ssh-peers.ts';
import { portsIn, sshPorts } from '../../../responder/host/sshd.ts';

// As Linux writes them: a default route, one through another gateway, and one without.
const ROUTE4 = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0000A8C0\t0200000A\t0003\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0
`;
const ROUTE6 = `20010db8000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 20010db8000000000000000000000001 00000400 00000001 00000000 00000003     eth0
`;
const RESOLV = `# made by hand
nameserver 203.0.113.53
nameserver fe80::1%eth0
nameserver nonsense
search example.org
`;

const tcpLine = (at: number, local: string, remote: string, state: string, inode: number) =>
  `   ${at}: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 20 0 0 10 -1`;
const TCP_HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';
const TCP4 = [
  TCP_HEAD,
  tcpLine(0, '00000000:0016', '00000000:0000', '0A', 1),
  tcpLine(1, '0A00000A:0016', '077100CB:C001', '01', 2), // 203.0.113.7
  tcpLine(2, '0A00000A:01BB', '087100CB:C001', '01', 3), // another service
  tcpLine(3, '0A00000A:0016', '097100CB:C001', '06', 4), // closing
].join('\n');
const TCP6 = [
  TCP_HEAD,
  tcpLine(0, '0000000000000000FFFF00000A00000A:0016', '0000000000000000FFFF00000A7100CB:C001', '01', 5), // ::ffff:203.0.113.10
  tcpLine(1, 'B80D0120000000000000000001000000:0016', 'B80D0120000000000000000005000000:C001', '01', 6), // 2001:db8::5
].join('\n');

it('reads gateways of both families', () => {
  assert.deepEqual(ipv4Gateways(ROUTE4).map(formatIp), ['10.0.0.1', '10.0.0.2']);
  assert.deepEqual(ipv6Gateways(ROUTE6).map(formatIp), ['2001:db8::1']);
  assert.deepEqual(ipv4Gateways(''), []);
});

it('reads resolvers', () => {
  assert.deepEqual(resolversIn(RESOLV).map(formatIp), ['203.0.113.53', 'fe80::1']);
});

it('reads what listens and who is connected', () => {
  const brief = (table: string) =>
    socketsIn(table).map(({ state, port, peer, inode }) => [state, port, peer && formatIp(peer), inode]);
  assert.deepEqual(brief(TCP4), [
    ['listening', 22, undefined, '1'],
    ['established', 22, '203.0.113.7', '2'],
    ['established', 443, '203.0.113.8', '3'],
  ]);
  assert.deepEqual(brief(TCP6), [
    ['established', 22, '203.0.113.10', '5'],
    ['established', 22, '2001:db8::5', '6'],
  ]);
});

/** A folder with files in it, and symbolic links that lead nowhere. */
function folderOf(t: TestContext, files: Record<string, string>, links: Record<string, string> = {}): string {
  const root = mkdtempSync(join(tmpdir(), 'tipline-host-'));
  t.after(() => rmSync(root, { recursive: true }));
  for (const path of [...Object.keys(files), ...Object.keys(links)])
    mkdirSync(dirname(join(root, path)), { recursive: true });
  for (const [path, text] of Object.entries(files)) writeFileSync(join(root, path), text);
  for (const [path, target] of Object.entries(links)) symlinkSync(target, join(root, path));
  return root;
}

it('finds the ports of SSH servers by who listens there, by the configuration, and 22', async (t) => {
  const root = folderOf(
    t,
    {
      'proc/100/comm': 'sshd\n',
      'proc/200/comm': 'sshd-session\n',
      'proc/300/comm': 'nginx\n',
      'proc/self/comm': 'sshd\n',
      'etc/ssh/sshd_config':
        '# Port 1\nPort 2022\nListenAddress 192.0.2.1:2023\nListenAddress 192.0.2.1\nPermitRootLogin no\n',
      'etc/ssh/sshd_config.d/10.conf': 'port=2024 # more\nListenAddress [2001:db8::1]:2025\nPort 99999\n',
      'etc/ssh/sshd_config.d/old.bak': 'Port 2026\n',
    },
    {
      'proc/100/fd/3': 'socket:[11]',
      'proc/100/fd/4': '/dev/null',
      // systemd listens, a session has the connection
      'proc/200/fd/4': 'socket:[22]',
      // what a session connects to for its user
      'proc/200/fd/5': 'socket:[23]',
      'proc/300/fd/3': 'socket:[33]',
    },
  );
  const sockets = socketsIn(
    [
      TCP_HEAD,
      tcpLine(0, '00000000:1770', '00000000:0000', '0A', 11), // 6000, sshd's
      tcpLine(1, '00000000:1771', '00000000:0000', '0A', 1), // 6001, systemd's
      tcpLine(2, '0A00000A:1771', '077100CB:C001', '01', 22),
      tcpLine(3, '0A00000A:C111', '087100CB:0050', '01', 23),
      tcpLine(4, '00000000:01BB', '00000000:0000', '0A', 33),
    ].join('\n'),
  );
  const ports = await sshPorts(join(root, 'proc'), join(root, 'etc'), sockets);
  assert.deepEqual([...ports].sort(), [2022, 2023, 2024, 2025, 22, 6000, 6001]);
  assert.deepEqual([...(await sshPorts(join(root, 'none'), join(root, 'none'), sockets))], [22]);
  assert.deepEqual(portsIn('Port 0\nPort x\nPort\n'), []);
});

it('reads every next hop of every table, of iproute2 and of busybox', () => {
  const text = `default via 10.0.0.1 dev eth0 proto dhcp metric 100
default table 100
\tnexthop via 10.0.0.2 dev eth0 weight 1
\tnexthop via 10.0.0.3 dev eth1 weight 1 onlink
198.51.100.0/24 via inet6 fe80::1 dev eth0 table 7
2001:db8::/32 nhid 4 via 2001:db8::1 dev eth0 metric 1024 pref medium
id 4 via 10.0.0.4 dev eth0 scope link
local 127.0.0.0/8 dev lo table local scope host src 127.0.0.1
`;
  assert.deepEqual(nextHopsIn(text).map(formatIp), [
    ...['10.0.0.1', '10.0.0.2', '10.0.0.3', 'fe80::1', '2001:db8::1', '10.0.0.4'],
  ]);
  assert.deepEqual(nextHopsIn('default dev via dev via x via ::g via 1.2.3.4.5.6\n'), []);
});

it('asks for routes once a minute, and keeps what it knows when nobody answers', async () => {
  let asked = 0;
  let answer: string | undefined = 'default via 9.1.1.1 dev eth0\n';
  const tables = createRouteTables(async () => {
    asked += 1;
    return answer;
  });
  const hops = async (now: number) => [...new Set((await tables(now)).map(formatIp))];
  assert.deepEqual(await hops(0), ['9.1.1.1']);
  const each = asked;
  answer = undefined;
  assert.deepEqual(await hops(59_000), ['9.1.1.1']);
  assert.equal(asked, each);
  assert.deepEqual(await hops(60_000), ['9.1.1.1']);
  assert.equal(asked, 2 * each);
  assert.deepEqual(await createRouteTables(async () => undefined)(0), []);
  assert.equal(await runIp(['no', 'such', 'thing']), undefined);
});

it('spares who is logged in, not who is guessing passwords', () => {
  const peers = createSshPeers(150_000);
  const admin = { id: 'admin', peer: new Uint8Array([9, 1, 1, 1]) };
  const later = { id: 'later', peer: new Uint8Array([9, 2, 2, 2]) };
  const spared = (now: number, ...open: (typeof admin)[]) => peers.update(open, now).map(formatIp);
  assert.deepEqual(spared(0, admin), ['9.1.1.1'], 'open at the start');
  assert.deepEqual(spared(10_000, admin, later), ['9.1.1.1']);
  assert.deepEqual(spared(159_000, admin, later), ['9.1.1.1']);
  assert.deepEqual(spared(160_000, admin, later), ['9.1.1.1', '9.2.2.2']);
  // reconnecting every two minutes never grows old
  for (let at = 0; at < 10; at += 1) {
    assert.deepEqual(spared(200_000 + at * 120_000, { ...later, id: `again ${at}` }), []);
  }
});

it('keeps the addresses of a name that does not resolve for now, and old ones while connections may last', async () => {
  let answer: string[] | undefined = ['203.0.113.20', '2001:db8::20'];
  const names = createNamedAddresses(async (host) => {
    if (answer === undefined) throw new Error('EAI_AGAIN');
    return host === 'broker' ? answer : [];
  });
  const all = async (now: number) =>
    (await names.update(['broker', '203.0.113.9', '[2001:db8::9]'], now)).map(({ bytes }) => formatIp(bytes)).sort();
  const literal = ['2001:db8::9', '203.0.113.9'];
  const expected = ['2001:db8::20', ...literal, '203.0.113.20'].sort();
  assert.deepEqual(await all(0), expected);
  answer = undefined;
  assert.deepEqual(await all(10_000_000), expected);
  answer = ['203.0.113.21'];
  assert.deepEqual(await all(10_000_001), [...literal, '203.0.113.21'].sort());
  answer = ['203.0.113.22'];
  assert.deepEqual(await all(10_000_002), [...literal, '203.0.113.21', '203.0.113.22'].sort(), 'it turns round');
});

it('does not wait for a name that nobody answers for', async () => {
  const slow = Promise.withResolvers<string[]>();
  const names = createNamedAddresses(async (host) => (host === 'slow' ? slow.promise : ['203.0.113.20']), 10);
  const all = async () => (await names.update(['slow', 'quick'], 0)).map(({ bytes }) => formatIp(bytes));
  assert.deepEqual(await all(), ['203.0.113.20']);
  slow.resolve(['203.0.113.21']);
  assert.deepEqual(await all(), ['203.0.113.21', '203.0.113.20']);
});

it('puts it all together, and does without what is not there', async (t) => {
  const root = folderOf(t, {
    'proc/net/route': ROUTE4,
    'proc/net/tcp': TCP4,
    'etc/resolv.conf': 'nameserver 127.0.0.53\n',
    'run/systemd/resolve/resolv.conf': 'nameserver 203.0.113.53\n',
  });
  const read = createHostReader({
    peers: () => ['203.0.113.30'],
    own: ['example.org'],
    ...{ proc: join(root, 'proc'), etc: join(root, 'etc'), run: join(root, 'run') },
    interfaces: () => ['203.0.113.2', 'fe80::2%eth0'],
    resolve: async (host) => (host === 'www.example.org' ? ['203.0.113.81'] : ['203.0.113.80']),
    ip: async ([family]) => (family === '-4' ? 'default via 203.0.113.99 dev eth0 table 100\n' : undefined),
  });
  assert.deepEqual(
    (await read()).map(({ prefix, code }) => [textOf(prefix), code]),
    [
      ['203.0.113.2', 'GUARD_OWN_ADDRESS'],
      ['10.0.0.1', 'GUARD_GATEWAY'],
      ['10.0.0.2', 'GUARD_GATEWAY'],
      ['203.0.113.99', 'GUARD_GATEWAY'],
      ['127.0.0.53', 'GUARD_RESOLVER'],
      ['203.0.113.53', 'GUARD_RESOLVER'],
      ['203.0.113.30', 'GUARD_PEER'],
      ['203.0.113.80', 'GUARD_OWN'],
      ['203.0.113.81', 'GUARD_OWN'],
      ['203.0.113.7', 'GUARD_SSH_PEER'],
    ],
  );
});

it('reads this very machine', async () => {
  const entries = await createHostReader({ peers: () => [] })();
  assert.ok(entries.some(({ prefix, code }) => code === 'GUARD_OWN_ADDRESS' && textOf(prefix) === '127.0.0.1'));
});
