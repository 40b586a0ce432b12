import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readPattern } from '../../../../ingest/formats/stix-pattern/read.ts';
import { address, domain, indicator, indicators, pattern, properties, read, stixPackage } from './package.ts';

const MD5 = '0123456789abcdef0123456789abcdef';
const SHA1 = `${MD5}01234567`;
const SHA256 = `${MD5}${MD5}`;
const SHA512 = `${SHA256}${SHA256}`;
const SSDEEP = '96:abc:def';

const hash = (type: string | undefined, value: string, element = 'Simple_Hash_Value') =>
  `<cc:Hash>${type === undefined ? '' : `<cc:Type>${type}</cc:Type>`}<cc:${element} condition="Equals">${value}</cc:${element}></cc:Hash>`;
const hashes = (...all: string[]) => `<o:Hashes>${all.join('')}</o:Hashes>`;
const file = (inside: string) => properties('File', inside);
const socket = (element: string, inside: string) => `<o:${element}>${inside}</o:${element}>`;
const ip = (value: string, condition = '') =>
  `<o:IP_Address><o:Address_Value ${condition}>${value}</o:Address_Value></o:IP_Address>`;
const host = (value: string) => `<o:Hostname><o:Hostname_Value>${value}</o:Hostname_Value></o:Hostname>`;
const port = (value: number) => `<o:Port><o:Port_Value>${value}</o:Port_Value></o:Port>`;
const mail = (inside: string, behind = '') => properties('EmailMessage', `<o:Header>${inside}</o:Header>${behind}`);
const from = (value: string, element = 'From') =>
  `<o:${element} category="e-mail"><o:Address_Value>${value}</o:Address_Value></o:${element}>`;
const request = (inside: string) =>
  `<o:HTTP_Request_Response><o:HTTP_Client_Request>${inside}</o:HTTP_Client_Request></o:HTTP_Request_Response>`;
const header = (inside: string) =>
  `<o:HTTP_Request_Header><o:Parsed_Header>${inside}</o:Parsed_Header></o:HTTP_Request_Header>`;
const hostField = '<o:Host><o:Domain_Name><o:Value>a.example.com</o:Value></o:Domain_Name></o:Host>';

/** What stands inside Properties, and the values that it names; `+`: not by itself. */
const CASES: readonly [string, string, readonly string[]][] = [
  ['an IPv4 address', address('192.0.2.1'), ['ip 192.0.2.1']],
  ['an IPv6 address', address('2001:db8::1', 'ipv6-addr'), ['ip 2001:db8::1']],
  ['a block', address('192.0.2.0/24', 'cidr'), ['cidr 192.0.2.0/24']],
  ['a network', address('192.0.2.0/24', 'ipv4-net'), ['cidr 192.0.2.0/24']],
  ['a mailbox as an address', address('a@example.com', 'e-mail'), ['email a@example.com']],
  ['a MAC address', address('00-00-5e-00-53-01', 'mac'), ['mac 00-00-5e-00-53-01']],
  ['an AS number as an address', address('64496', 'asn'), ['asn 64496']],
  ['a net mask', address('255.255.255.0', 'ipv4-net-mask'), []],
  [
    'an address without a category',
    properties('Address', '<o:Address_Value>2001:db8::1</o:Address_Value>'),
    ['? 2001:db8::1'],
  ],
  [
    'a forged address',
    properties('Address', '<o:Address_Value>192.0.2.1</o:Address_Value>', 'category="ipv4-addr" is_spoofed="true"'),
    ['ip 192.0.2.1 +'],
  ],
  ['an AS', properties('AS', '<o:Number>64496</o:Number><o:Name>X</o:Name>'), ['asn 64496']],
  ['an AS by its handle', properties('AS', '<o:Handle>AS64496</o:Handle>'), ['asn AS64496']],
  [
    'a URL',
    properties('URI', '<o:Value>http://example.com/a,b</o:Value>', 'type="URL"'),
    ['url http://example.com/a,b'],
  ],
  ['a URI with a path', properties('URI', '<o:Value>example.com/a</o:Value>'), ['url example.com/a']],
  ['a URI that is a name', properties('URI', '<o:Value>example.com</o:Value>'), ['? example.com']],
  [
    'a URI that is a domain',
    properties('URI', '<o:Value>example.com</o:Value>', 'type="Domain Name"'),
    ['domain example.com'],
  ],
  ['a URN', properties('URI', '<o:Value>urn:isbn:1</o:Value>', 'type="General URN"'), []],
  [
    'a link',
    properties('Link', '<o:Value>http://example.com/</o:Value><o:URL_Label>x</o:URL_Label>', 'type="URL"'),
    ['url http://example.com/'],
  ],
  ['a domain', domain('example.com'), ['domain example.com']],
  ['a top-level domain', properties('DomainName', '<o:Value>com</o:Value>', 'type="TLD"'), []],
  [
    'a host name',
    properties('Hostname', '<o:Hostname_Value>a.example.com</o:Hostname_Value>'),
    ['domain a.example.com'],
  ],
  ['the name of a machine', properties('Hostname', '<o:Hostname_Value>DESKTOP1</o:Hostname_Value>'), []],
  [
    'hashes of one file',
    file(hashes(hash('MD5', MD5), hash('SHA1', SHA1), hash('SHA256', SHA256), hash('SHA512', SHA512))),
    [`md5 ${MD5}`, `sha1 ${SHA1}`, `sha256 ${SHA256}`, `sha512 ${SHA512}`],
  ],
  [
    'a hash with a name and a size',
    file(`<o:File_Name>a.exe</o:File_Name><o:Size_In_Bytes>1</o:Size_In_Bytes>${hashes(hash('MD5', MD5))}`),
    [`md5 ${MD5}`],
  ],
  ['a hash without a type', file(hashes(hash(undefined, SHA256))), [`sha256 ${SHA256}`]],
  ['a hash of another type', file(hashes(hash('Other', SHA1))), [`sha1 ${SHA1}`]],
  ['a hash with the wrong type', file(hashes(hash('MD5', SHA256))), [`sha256 ${SHA256}`]],
  ['a hash that only looks like one of ours', file(hashes(hash('PEHASH', SHA1))), []],
  ['an import hash', file(hashes(hash('IMPHASH', MD5))), [`imphash ${MD5}`]],
  ['a fuzzy hash', file(hashes(hash('SSDEEP', SSDEEP, 'Fuzzy_Hash_Value'))), [`ssdeep ${SSDEEP}`]],
  ['a file without a hash', file('<o:File_Name>evil.com</o:File_Name>'), []],
  [
    'a program',
    properties(
      'WindowsExecutableFile',
      `${hashes(hash('MD5', MD5))}<o:Sections><o:Section><o:Data_Hashes>${hash('MD5', SHA1)}</o:Data_Hashes></o:Section></o:Sections>`,
    ),
    [`md5 ${MD5}`],
  ],
  ['a kind of file that nobody has heard of', properties('FancyFile', hashes(hash('MD5', MD5))), [`md5 ${MD5}`]],
  [
    'an archive',
    properties(
      'ArchiveFile',
      `${hashes(hash('MD5', MD5))}<o:Archived_File>${hashes(hash('SHA1', SHA1))}</o:Archived_File>`,
    ),
    [`md5 ${MD5}`, `sha1 ${SHA1} +`],
  ],
  [
    'an artifact',
    properties('Artifact', `${hashes(hash('MD5', MD5))}<o:Raw_Artifact>QQ==</o:Raw_Artifact>`),
    [`md5 ${MD5}`],
  ],
  ['no type at all, but hashes', `<c:Properties>${hashes(hash('MD5', MD5))}</c:Properties>`, [`md5 ${MD5}`]],
  ['a mutex', properties('Mutex', '<o:Name>a, b</o:Name>'), ['mutex a, b']],
  ['a mutex of Windows', properties('WindowsMutex', '<o:Name>m</o:Name>'), ['mutex m']],
  [
    'a registry key',
    properties('WindowsRegistryKey', '<o:Key>\\Software\\X</o:Key><o:Hive>HKEY_LOCAL_MACHINE</o:Hive>'),
    ['registry HKEY_LOCAL_MACHINE\\Software\\X'],
  ],
  [
    'a registry key with its hive inside',
    properties('WindowsRegistryKey', '<o:Key>HKLM\\Software\\X</o:Key><o:Hive>HKEY_LOCAL_MACHINE</o:Hive>'),
    ['registry HKLM\\Software\\X'],
  ],
  [
    'a registry key with a value',
    properties(
      'WindowsRegistryKey',
      '<o:Hive>HKLM</o:Hive><o:Key>Software\\Run</o:Key><o:Values><o:Value><o:Name>x</o:Name></o:Value></o:Values>',
    ),
    ['registry HKLM\\Software\\Run +'],
  ],
  [
    'a certificate',
    properties(
      'X509Certificate',
      '<o:Certificate><o:Serial_Number>36:F7:d4:32:f4:ab:70:ea</o:Serial_Number><o:Issuer>CN=x</o:Issuer></o:Certificate>',
    ),
    ['x509 36F7d432f4ab70ea'],
  ],
  [
    'a certificate with a small number',
    properties(
      'X509Certificate',
      '<o:Certificate><o:Serial_Number>290 (0x122)</o:Serial_Number><o:Issuer>CN=x</o:Issuer></o:Certificate>',
    ),
    ['x509 0122 +'],
  ],
  [
    'a certificate with a negative number',
    properties('X509Certificate', '<o:Certificate><o:Serial_Number>(Negative)4c:0b</o:Serial_Number></o:Certificate>'),
    [],
  ],
  ['a socket', properties('SocketAddress', `${ip('192.0.2.1')}${port(443)}`), ['? 192.0.2.1']],
  [
    'a socket with a name and an address',
    properties('SocketAddress', `${ip('192.0.2.1')}${host('a.example.com')}`),
    ['? 192.0.2.1 +', 'domain a.example.com +'],
  ],
  [
    'a connection',
    properties('NetworkConnection', socket('Destination_Socket_Address', `${ip('192.0.2.1')}${port(80)}`)),
    ['? 192.0.2.1'],
  ],
  [
    'a connection with both ends',
    properties(
      'NetworkConnection',
      `${socket('Source_Socket_Address', ip('192.0.2.1'))}${socket('Destination_Socket_Address', ip('192.0.2.2'))}`,
    ),
    ['? 192.0.2.1 +', '? 192.0.2.2 +'],
  ],
  [
    'a connection with a port at one end',
    properties(
      'NetworkConnection',
      `${socket('Source_Socket_Address', port(1))}${socket('Destination_Socket_Address', ip('192.0.2.2'))}`,
    ),
    ['? 192.0.2.2'],
  ],
  [
    'a connection whose other end is a pattern',
    properties(
      'NetworkConnection',
      `${socket('Source_Socket_Address', ip('192.0.2.1'))}${socket('Destination_Socket_Address', ip('198.', 'condition="StartsWith"'))}`,
    ),
    ['? 192.0.2.1 +'],
  ],
  [
    'a connection with a request',
    properties(
      'NetworkConnection',
      `${socket('Destination_Socket_Address', ip('192.0.2.2'))}<o:Layer7_Connections><o:HTTP_Session>${request(header('<o:User_Agent>x</o:User_Agent>'))}</o:HTTP_Session></o:Layer7_Connections>`,
    ),
    ['? 192.0.2.2 +'],
  ],
  [
    'a network socket',
    properties(
      'NetworkSocket',
      `${socket('Local_Address', ip('192.0.2.1'))}${socket('Remote_Address', ip('192.0.2.2'))}`,
    ),
    ['? 192.0.2.2', '? 192.0.2.1 +'],
  ],
  [
    'a process',
    properties(
      'Process',
      `<o:Name>a.exe</o:Name><o:Network_Connection_List><o:Network_Connection>${socket('Destination_Socket_Address', ip('192.0.2.2'))}</o:Network_Connection></o:Network_Connection_List>`,
    ),
    ['? 192.0.2.2 +'],
  ],
  ['a request for a host', properties('HTTPSession', request(header(hostField))), ['domain a.example.com']],
  [
    'a request with more than a host',
    properties(
      'HTTPSession',
      request(`<o:HTTP_Request_Line><o:Value>/</o:Value></o:HTTP_Request_Line>${header(hostField)}`),
    ),
    ['domain a.example.com +'],
  ],
  [
    'a DNS query',
    properties('DNSQuery', '<o:Question><o:QName><o:Value>a.example.com</o:Value></o:QName></o:Question>'),
    ['domain a.example.com'],
  ],
  [
    'a DNS record',
    properties(
      'DNSRecord',
      '<o:Domain_Name><o:Value>a.example.com</o:Value></o:Domain_Name><o:IP_Address category="ipv4-addr"><o:Address_Value>192.0.2.1</o:Address_Value></o:IP_Address>',
    ),
    ['domain a.example.com', 'ip 192.0.2.1 +'],
  ],
  [
    'a registration',
    properties(
      'Whois',
      `<o:Domain_Name><o:Value>example.com</o:Value></o:Domain_Name><o:Registrants><o:Registrant>${from('a@example.net', 'Email_Address')}</o:Registrant></o:Registrants>`,
    ),
    ['domain example.com', 'email a@example.net +'],
  ],
  ['a sender', mail(from('a@example.com')), ['email a@example.com']],
  [
    'a sender without a category',
    mail('<o:From><o:Address_Value>a@example.com</o:Address_Value></o:From>'),
    ['email a@example.com'],
  ],
  ['a sender with a subject', mail(`${from('a@example.com')}<o:Subject>x</o:Subject>`), ['email a@example.com +']],
  [
    'two kinds of sender',
    mail(`${from('a@example.com')}${from('b@example.com', 'Reply_To')}`),
    ['email a@example.com +', 'email b@example.com +'],
  ],
  [
    'a victim',
    mail(
      `<o:To><o:Recipient category="e-mail"><o:Address_Value>victim@example.com</o:Address_Value></o:Recipient></o:To>`,
    ),
    [],
  ],
  [
    'a sender and a victim',
    mail(
      `${from('a@example.com')}<o:To><o:Recipient category="e-mail"><o:Address_Value>victim@example.com</o:Address_Value></o:Recipient></o:To>`,
    ),
    ['email a@example.com +'],
  ],
  [
    'where a mail came from',
    mail('<o:X_Originating_IP category="ipv4-addr"><o:Address_Value>192.0.2.1</o:Address_Value></o:X_Originating_IP>'),
    ['ip 192.0.2.1'],
  ],
  ['a port', properties('Port', '<o:Port_Value>80</o:Port_Value>'), []],
  [
    'an object of the author’s own',
    properties('Custom', '<cc:Custom_Properties><cc:Property name="a">192.0.2.1</cc:Property></cc:Custom_Properties>'),
    [],
  ],
];

describe('CybOX objects', () => {
  for (const [name, inside, expected] of CASES) {
    it(name, async () => {
      const { values, report } = await read(stixPackage(indicators(indicator('i1', pattern('o1', inside)))));
      assert.deepEqual(values, expected);
      // what gives nothing is counted
      if (expected.length === 0) assert.equal(report.skipped, 1, report.firstSkipped);
    });
  }

  it('tell of a file with a name what STIX 2 tells of it', async () => {
    const inside = file(
      `<o:File_Name>a.exe</o:File_Name><o:Size_In_Bytes>7</o:Size_In_Bytes>${hashes(hash('MD5', MD5), hash('SHA1', SHA1))}`,
    );
    const { records } = await read(stixPackage(indicators(indicator('i1', pattern('o1', inside)))));
    const asPattern = readPattern(
      `[file:hashes.MD5 = '${MD5}' AND file:hashes.'SHA-1' = '${SHA1}' AND file:name = 'a.exe' AND file:size = 7]`,
    );
    assert.ok(asPattern.ok);
    const known = { name: 'a.exe', size: 7, hashes: { md5: MD5, sha1: SHA1 } };
    const expected = [
      ['md5', MD5, false, known],
      ['sha1', SHA1, false, known],
    ];
    assert.deepEqual(
      records.map(({ type, indicator: value, composite = false, file: told }) => [type, value, composite, told]),
      expected,
    );
    assert.deepEqual(
      asPattern.leaves.map(({ type, value, composite, file: told }) => [type, value, composite, told]),
      expected,
    );
  });

  it('take a list of hashes for those of several files, and keep what else is told', async () => {
    const inside = file(
      `<o:File_Name condition="StartsWith">a</o:File_Name><o:Size_In_Bytes>7</o:Size_In_Bytes>${hashes(hash('MD5', `${MD5}##comma##${SHA1.slice(0, 32)}`), hash('SHA1', SHA1))}`,
    );
    const { records } = await read(stixPackage(indicators(indicator('i1', pattern('o1', inside)))));
    assert.deepEqual(
      records.map(({ file: told }) => told),
      records.map(() => ({ size: 7 })),
    );
  });

  it('tell the port', async () => {
    const inside = properties('SocketAddress', `${ip('192.0.2.1')}${port(8443)}`);
    const { records } = await read(stixPackage(indicators(indicator('i1', pattern('o1', inside)))));
    assert.equal(records[0]?.port, 8443);
  });

  it('may name attachments and links by the ids of their objects, which count with the mail only', async () => {
    const message = mail(
      '<o:Subject>x</o:Subject>',
      '<o:Attachments><o:File object_reference="ex:object-file"/></o:Attachments><o:Links><o:Link object_reference="ex:object-link"/></o:Links>',
    );
    const { values } = await read(
      stixPackage(
        indicators(
          indicator('i1', pattern('o1', message)),
          indicator('i2', pattern('file', file(hashes(hash('MD5', MD5))))),
          indicator('i3', pattern('link', domain('example.com'))),
        ),
      ),
    );
    assert.deepEqual(values.sort(), ['domain example.com', 'domain example.com +', `md5 ${MD5}`, `md5 ${MD5} +`]);
  });
});

describe('a property', () => {
  const of = async (value: string, attributes: string, version = '1.2') => {
    const inside = domain(value, attributes);
    const found = await read(stixPackage(indicators(indicator('i1', pattern('o1', inside))), `version="${version}"`));
    return found.values;
  };

  for (const condition of ['Equals', 'equals', 'is', 'Equal']) {
    it(`is a value when the condition is ${condition}`, async () => {
      assert.deepEqual(await of('example.com', `condition="${condition}"`), ['domain example.com']);
    });
  }

  for (const condition of [
    'Contains',
    'StartsWith',
    'DoesNotEqual',
    'isnot',
    'FitsPattern',
    'GreaterThan',
    'ANY',
    'x',
  ]) {
    it(`is none when the condition is ${condition}`, async () => {
      assert.deepEqual(await of('example.com', `condition="${condition}"`), []);
    });
  }

  it('is none when it is a pattern without a condition', async () => {
    assert.deepEqual(await of('ex.*', 'pattern_type="Regex"'), []);
  });

  it('is the value without the white space around it', async () => {
    assert.deepEqual(await of('\n   example.com\n ', ''), ['domain example.com']);
  });

  it('may be a list', async () => {
    const list = 'a.example##comma##\n b.example ##comma##';
    assert.deepEqual(await of(list, 'apply_condition="ANY"'), ['domain a.example', 'domain b.example']);
    assert.deepEqual(await of(list, ''), ['domain a.example', 'domain b.example']);
    assert.deepEqual(await of(list, 'apply_condition="ALL"'), ['domain a.example +', 'domain b.example +']);
    assert.deepEqual(await of('a.example', 'apply_condition="ALL"'), ['domain a.example']);
    assert.deepEqual(await of(list, 'apply_condition="NONE"'), []);
  });

  it('may be a list with a delimiter of its own', async () => {
    assert.deepEqual(await of('a.example##STIX##b.example', 'delimiter="##STIX##"'), [
      'domain a.example',
      'domain b.example',
    ]);
    assert.deepEqual(await of('a.example,b.example', 'delimiter=","'), ['domain a.example', 'domain b.example']);
    assert.deepEqual(await of('a.example##comma##b.example', 'delimiter=";"'), ['domain a.example##comma##b.example']);
  });

  it('is a list with plain commas in CybOX 2.0 only, and only where no value can hold one', async () => {
    const url = properties('URI', '<o:Value>http://example.com/a,b</o:Value>', 'type="URL"');
    const version20 = 'cybox_major_version="2" cybox_minor_version="0"';
    assert.deepEqual(await of('a.example,b.example', '', '1.0.1'), ['domain a.example', 'domain b.example']);
    assert.deepEqual(await of('a.example,b.example', '', '1.1.1'), ['domain a.example,b.example']);
    const { values } = await read(
      stixPackage(
        `<s:Observables ${version20}><c:Observable id="ex:o1"><c:Object>${domain('a.example,b.example')}</c:Object></c:Observable>
         <c:Observable id="ex:o2"><c:Object>${url}</c:Object></c:Observable></s:Observables>`,
      ),
      { trustObservables: true },
    );
    assert.deepEqual(values, ['domain a.example', 'domain b.example', 'url http://example.com/a,b']);
  });

  it('is a block when it must lie between two addresses that make one', async () => {
    const between = async (value: string) => {
      const inside = address(value, 'ipv4-addr', 'condition="InclusiveBetween"');
      return (await read(stixPackage(indicators(indicator('i1', pattern('o1', inside)))))).values;
    };
    assert.deepEqual(await between('192.0.2.0##comma##192.0.2.255'), ['cidr 192.0.2.0/24']);
    assert.deepEqual(await between('198.51.100.4##comma##198.51.100.7'), ['cidr 198.51.100.4/30']);
    assert.deepEqual(await between('2001:db8::##comma##2001:db8::ffff'), ['cidr 2001:db8::/112']);
    for (const none of [
      '192.0.2.0##comma##192.0.2.254',
      '192.0.2.1##comma##192.0.2.255',
      '192.0.2.255##comma##192.0.2.0',
      '192.0.2.0',
      'a##comma##b',
    ]) {
      assert.deepEqual(await between(none), [], none);
    }
  });

  it('is none when it was broken on its way, or is longer than any indicator', async () => {
    assert.deepEqual(await of('ex\ufffdmple.com', ''), []);
    assert.deepEqual(await of('a'.repeat(5000), ''), []);
  });
});
