import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it } from 'node:test';
import { formatIp } from '../../../core/indicator/address.ts';
import { textOf } from '../../../responder/guard.ts';
import { createPeerAddresses } from '../../../responder/host/peers.ts';
import { createHostReader } from '../../../responder/host/read-host.ts';
import { resolversIn } from '../../../responder/host/resolvers.ts';
import { ipv4Gateways, ipv6Gateways } from '../../../responder/host/routes.ts';
import { createSshPeers, sshConnections } from '../../../responder/host/ssh-peers.ts';

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

it('reads who has a connection to the SSH server', () => {
  const peers = [...sshConnections(TCP4, [22]), ...sshConnections(TCP6, [22])].map(({ peer }) => formatIp(peer));
  assert.deepEqual(peers, ['203.0.113.7', '203.0.113.10', '2001:db8::5']);
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

it('keeps the addresses of a peer whose name does not resolve for now', async () => {
  let works = true;
  const peers = createPeerAddresses(['broker', '203.0.113.9', '[2001:db8::9]'], async (host) => {
    if (!works) throw new Error('EAI_AGAIN');
    return host === 'broker' ? ['203.0.113.20', '2001:db8::20'] : [];
  });
  const all = async () => (await peers.update()).map(({ bytes }) => formatIp(bytes)).sort();
  const expected = ['2001:db8::20', '2001:db8::9', '203.0.113.20', '203.0.113.9'];
  assert.deepEqual(await all(), expected);
  works = false;
  assert.deepEqual(await all(), expected);
});

it('puts it all together, and does without what is not there', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'tipline-host-'));
  t.after(() => rmSync(root, { recursive: true }));
  const put = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  put('proc/net/route', ROUTE4);
  put('proc/net/tcp', TCP4);
  put('etc/resolv.conf', 'nameserver 127.0.0.53\n');
  put('run/systemd/resolve/resolv.conf', 'nameserver 203.0.113.53\n');
  const read = createHostReader({
    peers: ['203.0.113.30'],
    ...{ proc: join(root, 'proc'), etc: join(root, 'etc'), run: join(root, 'run') },
    interfaces: () => ['203.0.113.2', 'fe80::2%eth0'],
  });
  assert.deepEqual(
    (await read()).map(({ prefix, code }) => [textOf(prefix), code]),
    [
      ['203.0.113.2', 'GUARD_OWN_ADDRESS'],
      ['10.0.0.1', 'GUARD_GATEWAY'],
      ['10.0.0.2', 'GUARD_GATEWAY'],
      ['127.0.0.53', 'GUARD_RESOLVER'],
      ['203.0.113.53', 'GUARD_RESOLVER'],
      ['203.0.113.30', 'GUARD_PEER'],
      ['203.0.113.7', 'GUARD_SSH_PEER'],
    ],
  );
});

it('reads this very machine', async () => {
  const entries = await createHostReader({ peers: [] })();
  assert.ok(entries.some(({ prefix, code }) => code === 'GUARD_OWN_ADDRESS' && textOf(prefix) === '127.0.0.1'));
});
