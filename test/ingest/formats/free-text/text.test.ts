import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { canonicalise } from '../../../../core/indicator/canonical.ts';
import { defang } from '../../../../core/indicator/defang.ts';
import { inferType } from '../../../../core/indicator/infer.ts';
import type { Indicator } from '../../../../core/indicator/type.ts';
import { type FreeTextOptions, textRecords } from '../../../../ingest/formats/free-text/text.ts';
import { named, type Reading, readDocument } from '../reading.ts';

const read = (text: string | Buffer, options: FreeTextOptions = {}, ...sizes: number[]): Promise<Reading> =>
  readDocument((bytes, tally) => textRecords(bytes, options, tally), text, ...sizes);

async function finds(text: string, ...wanted: string[]): Promise<void> {
  assert.deepEqual(named((await read(text)).records), wanted, text);
}

describe('what is disarmed in prose', () => {
  it('a domain, in every spelling that people use', async () => {
    const spellings =
      'evil[.]example.test evil(.)example.test evil{.}example.test evil[dot]example[dot]test evil(DOT)example.test evil[.example.test evil.]example[.]test evil[[.]]example.test evil[,]example.test evil [.] example [.] test evil[ . ]example.test evil\u3002example\uff0etest[.]test';
    await finds(`See ${spellings.split(' evil')[0]} now.`, 'domain evil.example.test');
    for (const spelling of spellings.split(/ (?=evil)/).slice(0, -1)) {
      await finds(`They used ${spelling}, they say.`, 'domain evil.example.test');
    }
    await finds('evil\u200b[.]exa\u00admple.test', 'domain evil.example.test');
  });

  it('a domain in a URL that is a parameter of another', async () => {
    await finds('wc:1?bridge=hxxps%3A%2F%2Fbridge.evil[.]example&key=1', 'domain bridge.evil.example');
  });

  it('a URL, its scheme too', async () => {
    for (const scheme of ['hxxp', 'HXXP', 'h**p', 'htxp', 'h[tt]p', '[http]', 'meow', 'http', 'ttp']) {
      for (const slashes of ['://', '[:]//', '[://]', ':\\\\', ' :// ', '(:)//', '[:/]/', ':[//]']) {
        if (scheme === 'ttp' && slashes === '://') continue;
        const spelling = `${scheme}${slashes}evil[.]example/a.php?x=1`;
        await finds(`C2: ${spelling}, and more`, 'url http://evil.example/a.php?x=1');
      }
    }
    await finds(
      'hxxps://a.test/ hxxp[s]://b.test/ fxp://c.test/ sfxp://d.test/',
      'url https://a.test/',
      'url https://b.test/',
      'url ftp://c.test/',
      'url sftp://d.test/',
    );
    await finds(
      'https:\\/\\/evil.test\\/a ldap://192.0.2.1:1389/x',
      'url https://evil.test/a',
      'url ldap://192.0.2.1:1389/x',
    );
  });

  it('addresses and mailboxes', async () => {
    await finds(
      '192[.]0[.]2[.]1, 192.0.2[.]2 and 192(dot)0(dot)2(dot)3[:]443',
      'ip 192.0.2.1',
      'ip 192.0.2.2',
      'ip 192.0.2.3',
    );
    await finds('2001[:]db8[:][:]1 2001[:]db8[:][:]/32', 'ip 2001:db8::1', 'cidr 2001:db8::/32');
    await finds('192[.]0[.]2[.]0/24 and 1[.]2[.]3[.]4', 'cidr 192.0.2.0/24', 'ip 1.2.3.4');
    await finds(
      'user[at]mail[.]test (user2 (at) mail(dot)test) u.s-er3[@]mail.test',
      'email user@mail.test',
      'email user2@mail.test',
      'email u.s-er3@mail.test',
    );
  });

  it('what was disarmed and is none is counted, with its line', async () => {
    const { records, skipped } = await read(
      'one\nsetup[.]exe\n*.evil[.]test\nuser[at]setup[.]exe 192[.]0[.]2[.]0/33\nhxxp://nohost/',
    );
    assert.deepEqual(records, []);
    assert.deepEqual(skipped, [
      '2: "setup.exe" was disarmed, and is no domain',
      '3: "evil.test" stands for all names below it, and says nothing of itself',
      '4: "user@setup.exe" was disarmed, and is no e-mail address',
      '4: 192.0.2.0/33 is no CIDR block',
      '5: "http://nohost/" has no host that could be looked up',
    ]);
  });
});

describe('what stands in prose as it is', () => {
  it('URLs, without the punctuation around them', async () => {
    const url = 'https://example.org/a_(b)/c?d=e&f[]=g';
    for (const text of [
      `(${url})`,
      `see ${url}.`,
      `"${url}"`,
      `<${url}>`,
      `[link](${url})`,
      `**${url}**`,
      `${url}!?`,
      `'${url}'`,
      `\u201c${url}\u201d`,
      `${url}\u3002\u7136\u540e`,
      `url=${url};`,
      `${url}|x`,
      `{${url}}`,
      `\\n${url}\\nx`,
    ]) {
      await finds(text, `url ${url}`);
    }
    await finds(
      'http://a.test/x,http://b.test/y;https://c.test/z',
      'url http://a.test/x',
      'url http://b.test/y',
      'url https://c.test/z',
    );
    await finds('http://a.test/?u=http://b.test/', 'url http://a.test/?u=http://b.test/');
    await finds(
      'http://[2001:db8::1]:8080/x http://192.0.2.1/y',
      'url http://[2001:db8::1]:8080/x',
      'url http://192.0.2.1/y',
    );
    await finds(
      'example.org/path/x.html and 192.0.2.1:8080/gate.php',
      'url example.org/path/x.html',
      'url 192.0.2.1:8080/gate.php',
    );
    await finds('the http:// prefix, http://localhost/ and http://127.0.0.1:8080/x');
  });

  it('domains by their ending', async () => {
    await finds(
      'we saw evil.example.org, evil.top. And www.evil.zip; then x.evil.ru:8080',
      'domain evil.example.org',
      'domain evil.top',
      'domain www.evil.zip',
      'domain x.evil.ru',
    );
    await finds(
      'http://xn--bcher-kva.example/ and b\u00fccher.example.com',
      'url http://xn--bcher-kva.example/',
      'domain b\u00fccher.example.com',
    );
    await finds(
      'expyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4.onion',
      'domain expyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4wqqyqhjnexpyuzz4.onion',
    );
  });

  it('addresses, unless the words around say that it is a version', async () => {
    await finds(
      'from 192.0.2.1, (198.51.100.2) 203.0.113.0/24 and 2001:db8::1.',
      'ip 192.0.2.1',
      'ip 198.51.100.2',
      'cidr 203.0.113.0/24',
      'ip 2001:db8::1',
    );
    await finds('192.0.2.1/192.0.2.2', 'ip 192.0.2.1', 'ip 192.0.2.2');
    await finds(
      'version 11.2.202.235, v11.2.202.235, Chrome/120.0.0.12, versions prior to 10.20.30.40, build number: 10.20.30.41, 10.20.30.42 and earlier, see 1.2.3.4, foo-10.20.30.43 10.20.30.44-beta 10.20.30.44.5',
    );
    assert.deepEqual((await read('192.0.2.1-192.0.2.9')).skipped, [
      '1: 192.0.2.1-192.0.2.9 is a range of addresses; write it as CIDR blocks',
    ]);
  });

  it('hashes by their length, told apart by their labels', async () => {
    const md5 = '9e107d9d372bb6826bd81d3542a419d6';
    const sha1 = '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12';
    const sha256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592';
    await finds(
      `${md5} ${sha1.toUpperCase()}, (${sha256}) ${sha256}${sha256}.`,
      `md5 ${md5}`,
      `sha1 ${sha1.toUpperCase()}`,
      `sha256 ${sha256}`,
      `sha512 ${sha256}${sha256}`,
    );
    await finds(`${md5}.exe and x${md5} ${md5}_ ${sha1}a`, `md5 ${md5}`);
    await finds(`imphash: ${md5}`, `imphash ${md5}`);
    await finds(`SSL certificate SHA1 fingerprint: ${sha1}`, `x509 ${sha1}`);
    await finds(
      'T1A5B2C3D4E5F60718293A4B5C6D7E8F9001122334455667788990AABBCCDDEEFF001122',
      'tlsh T1A5B2C3D4E5F60718293A4B5C6D7E8F9001122334455667788990AABBCCDDEEFF001122',
    );
    await finds(
      '96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO',
      'ssdeep 96:s4Ud1Lj96tHHlZDrwciQmA+4uy1I0G4HYuL8N3TzS8QsO/wqWXLcMSx:sF1LjEtHHlZDrJzrhuyZvHYm8tKp/RWO',
    );
    assert.deepEqual((await read(`JA3 ${md5}, ${'0'.repeat(32)} ${'12345678'.repeat(4)}`)).records, []);
  });

  it('CVE ids, AS numbers, MAC addresses, registry keys', async () => {
    await finds('CVE-2024-12345 cve\u20112023\u20110001 CVE-24-1', 'cve CVE-2024-12345', 'cve CVE-2023-0001');
    await finds('AS64496 (ASN 64497), as 5 and AS/400, AS400', 'asn AS64496', 'asn ASN 64497');
    await finds(
      '00:1a:2b:3c:4d:5e 00-1A-2B-3C-4D-5F 12:30:45 ff:ff:ff:ff:ff:ff',
      'mac 00:1a:2b:3c:4d:5e',
      'mac 00-1A-2B-3C-4D-5F',
    );
    await finds(
      'it writes HKCU\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Run and then "HKLM\\SOFTWARE\\My Key\\x y" or [HKEY_USERS\\.DEFAULT\\Software\\a].',
      'registry HKCU\\Software\\Microsoft\\Windows NT\\CurrentVersion\\Run',
      'registry HKLM\\SOFTWARE\\My Key\\x y',
      'registry HKEY_USERS\\.DEFAULT\\Software\\a',
    );
    assert.deepEqual((await read('HKLM\\SOFTWARE and HKLM\\SOFTWARE\\Run\\<random>')).skipped.length, 1);
  });

  it('nothing of what software and sentences are full of', async () => {
    await finds(
      'setup.exe readme.md main.py lib.so index.php a.b e.g. i.e. U.S. System.Net ASP.NET end.In fact foo.bar( obj.com() com.example.app java.util.io std::vector face::add 1.to ' +
        'C:\\Users\\evil.com \\\\srv\\x.com $host.com @evil.com /etc/foo.com 12:30:45 2024-01-02T03:04:05Z 550e8400-e29b-41d4-a716-446655440000 x@y 3.14 v1.0.0 git@host.example:repo.git 1.2.3 node.js',
    );
  });
});

describe('the document as a whole', () => {
  const words = fc.constantFrom(
    'evil[.]example.test',
    'hxxp://evil[.]test/a',
    '192[.]0[.]2[.]7',
    'the',
    'loader',
    'version 1.2.3.4',
    'setup.exe',
    '203.0.113.9',
    '\u00e4\u00f6',
    '\ud83d\ude00',
    'HKLM\\SOFTWARE\\Windows NT\\x',
    'user[at]mail[.]test',
    'CVE-2024-1234',
    '9e107d9d372bb6826bd81d3542a419d6',
    '[',
    '[.]',
    '(',
    '://',
    '\u200b',
    'https://example.org/x(y)',
    '\n',
    'a@b.example.com',
  );
  const prose = fc
    .array(fc.tuple(words, fc.constantFrom(' ', ', ', '\n', '', '. ')), { maxLength: 60 })
    .map((parts) => parts.flat().join(''));

  it('reads the same however it comes, and the borders of its windows do not matter', async () => {
    await fc.assert(
      fc.asyncProperty(
        prose,
        fc.integer({ min: 0, max: 140_000 }),
        fc.integer({ min: 1, max: 9 }),
        async (text, padding, size) => {
          const alone = await read(text);
          assert.deepEqual(await read(text, {}, size), alone);
          const moved = await read(`${' .'.repeat(padding)}\n${text}`, {}, 30_011);
          assert.deepEqual(named(moved.records), named(alone.records));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('finds again whatever core/indicator/defang.ts has disarmed', async () => {
    const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?$/);
    const domain = fc.tuple(label, label, fc.stringMatching(/^[a-z]{2,6}$/)).map((labels) => labels.join('.'));
    const ip = fc
      .tuple(fc.integer({ min: 1, max: 126 }), fc.nat(255), fc.nat(255), fc.nat(255))
      .map((parts) => parts.join('.'));
    const path = fc.stringMatching(/^(\/[a-z0-9_~-]{1,8}){0,4}(\?[a-z]{1,4}=[a-z0-9]{1,4})?$/);
    const any = fc.oneof(
      domain.map((value) => ({ type: 'domain' as const, value })),
      ip.map((value) => ({ type: 'ip' as const, value })),
      ip.map((value) => ({ type: 'cidr' as const, value: `${value}/24` })),
      fc.ipV6().map((value) => ({ type: 'ip' as const, value })),
      fc.tuple(label, domain).map(([user, host]) => ({ type: 'email' as const, value: `${user}@${host}` })),
      fc
        .tuple(fc.constantFrom('http', 'https', 'ftp'), fc.oneof(domain, ip), path)
        .map(([scheme, host, rest]) => ({ type: 'url' as const, value: `${scheme}://${host}${rest}` })),
    );
    await fc.assert(
      fc.asyncProperty(
        any,
        fc.constantFrom('', '(', '"', 'x: ', '\u201c'),
        fc.constantFrom('', ')', '"', ', ', '.'),
        async (given, before, behind) => {
          const canonical = canonicalise(given.value, given.type);
          fc.pre(canonical.ok);
          const wanted: Indicator = canonical.indicator;
          fc.pre(
            !/^(?:127|0)\.|^::1?$/.test(wanted.value) &&
              (wanted.type === 'url' || inferType(wanted.value) === wanted.type),
          );
          const { records } = await read(`seen at ${before}${defang(wanted)}${behind} yesterday`);
          const found = records.map(({ indicator, type }) => canonicalise(indicator, type as Indicator['type']));
          assert.deepEqual(found, [canonical]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives nothing that does not stand in the text', async () => {
    const plain = fc
      .array(
        fc.constantFrom(
          ...'abcdef0123456789.:/@-_= \n',
          'com',
          'http',
          '//',
          'www.',
          'CVE-2024-',
          '9e107d9d372bb6826bd81d3542a419d6',
          '203.0.113.',
          'hklm\\',
          'as',
        ),
        { maxLength: 80 },
      )
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(plain, async (text) => {
        const plainly = text.replace(/\\+(?=[./])/g, '');
        for (const { indicator } of (await read(text)).records)
          assert.ok(text.includes(indicator) || plainly.includes(indicator), `${indicator} in ${text}`);
      }),
      { numRuns: 500 },
    );
  });

  it('tells each thing once, also under several spellings', async () => {
    await finds(
      'evil[.]test EVIL[.]TEST evil.test. hxxp://evil[.]test http://evil.test/ 192.0.2.1/32 192[.]0[.]2[.]1',
      'domain evil.test',
      'url http://evil.test',
      'ip 192.0.2.1/32',
    );
  });

  it('can be held to what the author disarmed, and knows where it comes from', async () => {
    const text =
      'evil[.]test good.example.org 203.0.113.1 hxxp://a[.]test/ https://example.org/ 9e107d9d372bb6826bd81d3542a419d6 CVE-2024-1234';
    assert.deepEqual(named((await read(text, { onlyDisarmed: true })).records), [
      'domain evil.test',
      'url http://a.test/',
      'md5 9e107d9d372bb6826bd81d3542a419d6',
      'cve CVE-2024-1234',
    ]);
    assert.ok(!named((await read(text, { ownHost: 'example.org' })).records).includes('url https://example.org/'));
  });

  it('may be UTF-16, or broken UTF-8', async () => {
    const wide = Buffer.from('\ufeffsee evil[.]test \u00e4', 'utf16le');
    assert.deepEqual(named((await read(wide, {}, 1)).records), ['domain evil.test']);
    const broken = [
      Buffer.from('\u00e4\u00f6\u00fc \u2026'),
      Buffer.from([0xff]),
      Buffer.from(' evil[.]test'),
      Buffer.from([0xe2]),
    ];
    assert.deepEqual(named((await read(Buffer.concat(broken))).records), ['domain evil.test']);
    assert.deepEqual((await read('')).records, []);
  });

  it('may be UTF-16 without a byte order mark, Latin-1 or Windows-1252', async () => {
    const text = 'C2 f\u00fcr \u201cevil[.]test\u201d \u2013 b\u00fccher.example.com \u2026 192.0.2.1';
    const wanted = ['domain evil.test', 'domain b\u00fccher.example.com', 'ip 192.0.2.1'];
    const wide = Buffer.from(text, 'utf16le');
    const codes: Readonly<Record<string, number>> = { '\u201c': 0x93, '\u201d': 0x94, '\u2013': 0x96, '\u2026': 0x85 };
    const windows = Buffer.from(Array.from(text, (char) => codes[char] ?? char.charCodeAt(0)));
    for (const bytes of [Buffer.from(text), wide, Buffer.from(wide).swap16(), windows]) {
      for (const size of [1, 7, 4096]) assert.deepEqual(named((await read(bytes, {}, size)).records), wanted);
    }
    // behind a long beginning without a letter of either
    const long = Buffer.concat([
      Buffer.from('plain text\n'.repeat(10_000)),
      windows,
      Buffer.from('\nmore'.repeat(3000)),
    ]);
    assert.deepEqual(named((await read(long, {}, 30_011)).records), wanted);
  });
});

describe('lists that are read as prose', () => {
  const sha256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592';

  it('a URL ends with its cell', async () => {
    await finds(`http://a.test/x.exe,malware_download,2024-01-01`, 'url http://a.test/x.exe');
    await finds(`2024-01-01,http://a.test/x.exe,online`, 'url http://a.test/x.exe');
    await finds(`1;http://a.test/x.exe;online;2`, 'url http://a.test/x.exe');
    await finds(`http://a.test/x,${sha256}`, 'url http://a.test/x', `sha256 ${sha256}`);
    await finds(`x http://a.test/x,203.0.113.9,b`, 'url http://a.test/x', 'ip 203.0.113.9');
    await finds(`http://a.test/x,,\nhttp://b.test/y,"quoted",z`, 'url http://a.test/x', 'url http://b.test/y');
    await finds(`a.test.com/x.exe,malware\n`, 'url a.test.com/x.exe');
    // a comma of the URL's own
    await finds('see http://a.test/news,123,x.html?a=b,c;d=e too', 'url http://a.test/news,123,x.html?a=b,c;d=e');
    await finds('http://a.test/b,c.html', 'url http://a.test/b,c.html');
  });

  it('comments hold no indicators, unless somebody disarmed them', async () => {
    for (const mark of ['#', '# ', '//', ';', '! ', '  # ']) {
      await finds(
        `${mark}Source: https://blog.example.org/x by a@example.org 203.0.113.8\n203.0.113.9`,
        'ip 203.0.113.9',
      );
      await finds(`${mark}old: evil[.]test ${sha256}\n`, 'domain evil.test', `sha256 ${sha256}`);
    }
    await finds(
      '203.0.113.9 # see https://blog.example.org/x\nevil.com // from 203.0.113.1',
      'ip 203.0.113.9',
      'domain evil.com',
    );
    await finds('![picture](https://a.test/b.png)', 'url https://a.test/b.png');
    await finds('the C# client of http://a.test/; http://b.test/#x', 'url http://a.test/', 'url http://b.test/#x');
    await finds(
      `${'x '.repeat(70_000)}\n# http://a.test/ ${'y '.repeat(70_000)} http://b.test/\nhttp://c.test/`,
      'url http://c.test/',
    );
    assert.deepEqual((await read('# see hxxp://nohost/')).skipped, []);
  });

  it('rules of adblock lists and of resolvers', async () => {
    await finds('||evil.com^\n||evil.name^$third-party\n@@||good.com^\n', 'domain evil.com', 'domain evil.name');
    await finds(
      'server=/evil.com/\nserver=/a.evil.cc/b.evil.pl/192.0.2.53\naddress=/evil.name/0.0.0.0\nlocal=/evil.top/\n',
      'domain evil.com',
      'domain a.evil.cc',
      'domain b.evil.pl',
      'domain evil.name',
      'domain evil.top',
    );
  });

  it('domains of every public suffix, and nothing that is one', async () => {
    const names =
      'evil.name evil.cc evil.pl evil.museum evil.co.uk evil.gov.cn evil.\u0440\u0444 other.xn--p1ai evil.accountant evil.call evil.download evil.page evil.stream evil.duckdns.org evil.github.io evil.kobe.jp evil.gq';
    await finds(
      `They used ${names}.`,
      ...names.split(' ').flatMap((name) => (name === 'evil.kobe.jp' ? [] : [`domain ${name}`])),
    );
    await finds('co.uk duckdns.org github.io kobe.jp evil.local evil.notatld x_y.com');
    await finds('evil[.pl x[.pl y.]cc', 'domain evil.pl', 'domain x.pl', 'domain y.cc');
  });

  it('packages, files and code are none', async () => {
    await finds(
      'com.android.x com.instagram.android com.google.android.apps.security org.foo.services net.minidev.app io.fabric.sdk.android ru.yandex.market',
    );
    await finds('com.paypal.login.evil.ru de.evil.com', 'domain com.paypal.login.evil.ru', 'domain de.evil.com');
    await finds(
      'the file readme.md, then setup.py, lib.rs and run.sh; `x.pl` or "perl x.pl -v", x.pl:12 and the script main.cc',
    );
    await finds(
      'resolves to the domain evil.sh, the C2 evil.md and evil.zip.com',
      'domain evil.sh',
      'domain evil.md',
      'domain evil.zip.com',
    );
    await finds('The loader b.pl was dropped, then update.pl, main.cc and index.pl');
    await finds(
      'They use b.pl and index.b.pl, and the domain update.pl',
      'domain b.pl',
      'domain index.b.pl',
      'domain update.pl',
    );
    await finds('user.name = e.call(x), this.id, self.map[0], node.host');
    assert.deepEqual((await read('one\nevil.sh\nreadme.md\n')).skipped, [
      '2: "evil.sh" may be a file or a domain; write evil[.]sh if it is a domain',
    ]);
  });

  it('serial numbers of certificates are no digests of files', async () => {
    const serial = '4a5b6c7d8e9f00112233445566778899';
    for (const label of ['Serial Number: ', 'serial: ', 'Serial No. ', 'serial numbers\n']) {
      const { records, skipped } = await read(`${label}${serial}`);
      assert.deepEqual([records, skipped.length], [[], 1], label);
    }
    await finds(`Certificate serial number: ${serial}`, `x509 ${serial}`);
  });
});

describe('a name of which a part is hidden', () => {
  it('is that of the rest', async () => {
    const { records } = await readDocument(
      (bytes, tally) => textRecords(bytes, {}, tally),
      '- [redacted].a[.]example CreateObject("wscript.shell") *.b[.]example',
    );
    assert.deepEqual(
      records.map(({ indicator }) => indicator),
      ['a.example'],
    );
  });
});

describe('a URL with a placeholder of several words', () => {
  it('ends before it, and takes brackets that are closed', async () => {
    const { records } = await readDocument(
      (bytes, tally) => textRecords(bytes, {}, tally),
      'hxxp://a[.]example/x/?[six digits] hxxp://b[.]example/?name=[your address] http://c.example/?a[]=1&b[x]=2',
    );
    assert.deepEqual(
      records.map(({ indicator }) => indicator),
      ['http://a.example/x/', 'http://b.example/?name=', 'http://c.example/?a[]=1&b[x]=2'],
    );
  });
});

describe('pages on which people tell what they found', () => {
  const found = async (text: string): Promise<string[]> =>
    (await readDocument((bytes, tally) => textRecords(bytes, {}, tally), text)).records.map(
      ({ indicator }) => indicator,
    );

  it('are no indicators', async () => {
    const text =
      'https://twitter.com/someone/status/123 https://x.com/someone/status/1 https://www.linkedin.com/posts/x-1 https://isc.sans.edu/diary/1 https://www.virustotal.com/gui/file/x https://en.wikipedia.org/wiki/X';
    assert.deepEqual(await found(text), []);
  });

  it('are, where they are disarmed; and so is what else stands on such a host', async () => {
    assert.deepEqual(
      await found('https://twitter.com/evil https://www.linkedin.com/redir?u=x hxxps://x[.]com/a/status/1 info.nrk.no'),
      ['https://twitter.com/evil', 'https://www.linkedin.com/redir?u=x', 'https://x.com/a/status/1', 'info.nrk.no'],
    );
  });
});
