import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { outlineOf } from '../../../../ingest/formats/recognise/json-outline.ts';
import { HEAD_BYTES, recognise } from '../../../../ingest/formats/recognise/recognise.ts';
import type { Recognition } from '../../../../ingest/formats/recognise/recognition.ts';

const of = (text: string | Buffer, name = '', whole = true): Recognition =>
  recognise(Buffer.from(text), { whole, name });

/** Each must be recognised whatever the file is called. */
function is(format: string | undefined, ...documents: (string | Buffer)[]): void {
  for (const document of documents) {
    for (const name of ['', 'x.csv', 'x.json', 'x.xml']) {
      const recognition = of(document, name);
      assert.equal(recognition.format, format, `${String(document).slice(0, 80)}: ${recognition.reason}`);
      assert.ok(recognition.reason.length > 0);
    }
  }
}

const UUID = '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f';

test('STIX 2: bundles, with the type in front or behind, and envelopes', () => {
  is(
    'stix2',
    `{"type":"bundle","id":"bundle--${UUID}","objects":[]}`,
    `\ufeff{\n "id": "bundle--${UUID}",\n "objects": [\n {"created":"2020-01-01T00:00:00Z","id":"identity--${UUID}"`,
    `{"more":false,"objects":[{"type":"indicator","id":"indicator--${UUID}"}]}`,
    `{"objects":[{"id":"indicator--${UUID}","pattern":"[ipv4-addr:value = '192.0.2.1']"}]}`,
    `[{"type":"indicator","id":"indicator--${UUID}"}]`,
    `{"type":"ipv4-addr","id":"ipv4-addr--${UUID}","value":"192.0.2.1"}`,
    `\n[\n {"id":"x-tool--${UUID}","name":"x","type":"x-tool"},\n {"type":"url"`,
    `[{"type":"bundle","id":"bundle--${UUID}","objects":[]}]`,
    '{"more":false,"objects":[]}',
    '{"objects":[],"more":true,"next":"17"}',
  );
});

test('what only looks like STIX 2', () => {
  is(
    undefined,
    `{"id":"indicator--${UUID}","type":"user"}`,
    `[{"id":"indicator--${UUID}","type":"user"}]`,
    `{"id":"indicator--${UUID}"}`,
    '{"more":false,"objects":[],"total":0}',
    '{"more":"x","objects":[]}',
    '{"objects":[]}',
    `{"objects":[{"id":"indicator--${UUID}","date_added":"2024-01-01T00:00:00Z","version":"2024-01-01T00:00:00Z"}]}`,
  );
});

test('STIX 1 by its root element, whatever its prefix', () => {
  is(
    'stix1',
    '<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1">',
    '<?xml version="1.0"?>\n<!-- a <html> comment -->\n<STIX_Package\n xmlns="x">',
    Buffer.from('\ufeff<?xml version="1.0" encoding="UTF-16"?><s:STIX_Package/>', 'utf16le'),
    '<cybox:Observables xmlns:cybox="http://cybox.mitre.org/cybox-2" cybox_major_version="2">',
    '<t:Poll_Response xmlns:t="http://taxii.mitre.org/messages/taxii_xml_binding-1.1">',
    '<?xml version="1.0"?><Poll_Response\txmlns="http://taxii.mitre.org/messages/taxii_xml_binding-1" feed_name="x">',
    '<i:Indicator id="x" xmlns:i="http://stix.mitre.org/Indicator-2">',
    '<Indicator xmlns = "http://docs.oasis-open.org/cti/ns/stix/indicator-1">',
    '<c:Observable xmlns:c="http://docs.oasis-open.org/cti/ns/cybox/core-1"/>',
  );
  is(
    undefined,
    '<Indicator xmlns="http://schemas.mandiant.com/2010/ioc">',
    '<?xml version="1.0"?><Observable text="xmlns=http://stix.mitre.org/"/>',
    '<t:Status_Message xmlns:t="http://taxii.mitre.org/messages/taxii_xml_binding-1.1">',
  );
});

test('no other element is taken for one of STIX or TAXII', () => {
  const roots = new Set(['STIX_Package', 'Observables', 'Poll_Response', 'Indicator', 'Observable']);
  const unit = fc.constantFrom(...'Indicator_sPoll'.split(''));
  fc.assert(
    fc.property(fc.string({ unit, minLength: 1, maxLength: 12 }), fc.boolean(), (name, prefixed) => {
      fc.pre(!roots.has(name));
      const root = prefixed ? `i:${name}` : name;
      const { format } = of(`<${root} xmlns:i="http://stix.mitre.org/Indicator-2"><i:Indicator/></${root}>`);
      assert.equal(format, undefined);
    }),
  );
});

test('MISP in all of its shapes', () => {
  is(
    'misp',
    '{"Event":{"id":"1"}}',
    '{"response":[{"Event":{"id":"1"',
    '{"response":{"Event":{}}}',
    '{"response":{"Attribute":[]}}',
    '[{"Event":{}}]',
    '{"response":[]}',
    `[{"id":"1","type":"ip-dst","category":"Network activity","uuid":"${UUID}","value":"192.0.2.1"}]`,
    `{"uuid":"${UUID}","info":"x","Attribute":[{"type":"ip-dst"}]}`,
  );
});

test('records as tipline writes them', () => {
  is('raw', '[{"indicator":"192.0.2.1"}]', '{\n"type": "ip",\n"indicator": "192.0.2.1"\n}');
  is('raw-lines', '{"indicator":"192.0.2.1"}\n{"indicator":"192.0.2.2"}\n', '{"indicator":"192.0.2.1"}');
});

test('lists of lines, hosts files, reputations, Zeek', () => {
  is(
    'lines',
    '192.0.2.1\n# x\n\n198.51.100.0/24 ; SBL1\r\n',
    'evil[.]example\nhxxp://evil[.]test/a b\n'.replace(' b', ''),
    'http://a.test/x,y\n',
    '192.0.2.1  # seen often\n192.0.2.2   ; x\n',
  );
  is('hosts', '# x\n127.0.0.1 localhost\n0.0.0.0 a.test\n0.0.0.0 b.test c.test\n', '::1 localhost\n');
  is('iprep', '192.0.2.1,1,100\n192.0.2.0/24,12,7\n');
  is(
    'zeek',
    '#fields\tindicator\tindicator_type\tmeta.source\n192.0.2.1\tIntel::ADDR\tx\n',
    '#separator \\x09\n#fields\tindicator_type\tindicator\n',
  );
});

test('lists that have a language of their own', () => {
  is(
    'adblock',
    '[Adblock Plus]\n! Title: x\n! more\n||a.test^\n@@||b.test^\n##.banner\n',
    '! x\n||a.test^$third-party\n||b.test^\n',
    '# x\n*.a.test\n*.b[.]test\nc.test\n',
  );
  is('dnsmasq', 'server=/a.test/\n# x\naddress=/b.test/0.0.0.0\n', 'local=/a.test/b.test/\n', 'address=/a.test/#\n');
  is(
    'ipset',
    'create x hash:ip\nadd x 192.0.2.1\nadd x 192.0.2.2 timeout 5\n',
    '#\n# some_list\n#\n# ipv4 hash:net ipset\n#\n# Category        : attacks\n#\n192.0.2.1\n192.0.2.0/24\n',
    '192.0.2.1-192.0.2.9\n198.51.100.1\n',
  );
  is(
    'maltrail',
    '# Copyright (c) 2014-2026 Maltrail developers (x)\n\na.test\n192.0.2.1:443\n',
    '# Aliases: x\n\n# Reference: https://news.test/a\n\na.test\n/gate.php\n',
  );
  is('markdown', '# Report\n\nSome words.\n\n| Domain | IP |\n|---|:-:|\n| a.test | 192.0.2.1 |\n');
  is(
    'openioc',
    '<?xml version="1.0"?><ioc xmlns="http://schemas.mandiant.com/2010/ioc" id="x">',
    '<!-- x --><OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1" id="x">',
  );
  is(undefined, '<?xml version="1.0"?><ioc xmlns="http://x.test/">');
});

test('tables: by header row, last comment or content', () => {
  const tables: [string, RegExp][] = [
    [
      'type,value,confidence\nip,192.0.2.1,80\ndomain,evil.test,70\n',
      /column 2, "value" with their types in "type", by its header/,
    ],
    [
      '# a list\n# first_seen_utc, ioc_id, ioc_value, threat_type, tags\n"2024-01-01 00:00:00", "1", "192.0.2.1", "botnet_cc", "a,b"\n"2024-01-01 00:00:00", "2", "evil.test", "x", ""\n',
      /column 3, "ioc_value", by its header/,
    ],
    ['192.0.2.1\t10\n192.0.2.2\t9\n', /column 1, by what stands in it/],
    ['2024-01-01;evil.test;x\n2024-01-02;b.test;y\n', /column 2, by what stands in it/],
    // the kind of an attack is no type of indicator
    ['type,value\nphishing,evil.test\n', /column 2, "value", by its header/],
    ['url,md5\nhttp://a.test/,9e107d9d372bb6826bd81d3542a419d6\n', /columns 1, "url"; 2, "md5"/],
  ];
  for (const [text, told] of tables) {
    is('table', text);
    assert.match(of(text).reason, told);
  }
});

test('pages and prose', () => {
  is(
    'html',
    '<!DOCTYPE html><html>',
    '\n<HTML lang="en">',
    '<?xml version="1.0"?><html xmlns="x">',
    '<div><p>evil[.]test</p></div>',
  );
  is(
    'text',
    'We saw evil[.]test and more.\nAnd then, a second line, with commas, of course.\n',
    "[file:name = 'x.exe']\n[url:value = 'http://a.test/']\n",
    'one <b>word</b>\n',
  );
  assert.equal(of('one <p>word\n', 'x.html').format, 'html');
});

test('what is none of them is told, with what it is', () => {
  const told: [string | Buffer, RegExp][] = [
    ['', /empty/],
    [' \n', /empty/],
    ['# only\n; comments\n', /nothing but comments/],
    [Buffer.from('\0\0\x01\xab\xcd\xefMaxMind.com\xe9', 'latin1'), /MaxMind/],
    [Buffer.from('PK\x03\x04\x14\0\0', 'latin1'), /ZIP/],
    ['%PDF-1.7\n', /PDF/],
    [Buffer.from([1, 2, 3, 0, 5]), /binary/],
    [Buffer.from(Array.from({ length: 999 }, (_, n) => 128 + (n % 100))), /binary/],
    [`{"${UUID}":{"timestamp":"1","info":"x"}}`, /manifest/],
    ['{"description":"x","list":["a","b"],"matching_attributes":[]}', /warning list/],
    ['[{"::1.128.0.0/107":{"x":1}}]', /it is JSON, an array/],
    ['{"a":1,"b":{"indicator":"x"}}', /an object with "a", "b"/],
    ['{}', /an object with nothing/],
    ['<?xml version="1.0"?><rss version="2"><channel>', /root element is "rss"/],
    ['<!DOCTYPE lolz [<!ENTITY lol "lol">]><lolz>&lol;</lolz>', /DTD/],
  ];
  for (const [document, reason] of told) {
    const recognition = of(document);
    assert.equal(recognition.format, undefined, `${String(document).slice(0, 60)}: ${recognition.format}`);
    assert.match(recognition.reason, reason);
  }
});

test('XML with a DTD is refused, whatever stands in front of the DTD', () => {
  const dtd = '<!DOCTYPE lolz [<!ENTITY lol "evil[.]test">]><lolz>&lol;</lolz>';
  const declaration = '<?xml version="1.0"?>';
  const fronts = [
    '',
    ' \r\n',
    '\ufeff',
    '<!-- -->',
    '<!-- > <a> -->',
    '<?pi <a> > ?>',
    '\ufeff \ufeff<!-- a -->\n<!-- b -->',
  ];
  for (const front of [...fronts, ...fronts.map((front) => `${declaration}${front}`)]) {
    for (const doctype of [dtd, dtd.replace('DOCTYPE', 'doctype'), dtd.replace('lolz [', 'html [')]) {
      const { format, reason } = of(`${front}${doctype}`);
      assert.equal(format, undefined, `${front}${doctype}: ${format}`);
      assert.match(reason, /DTD/);
    }
  }
  assert.equal(of('<!-- saved from --><!DOCTYPE html PUBLIC "x" "y"><!-- a --><html>').format, 'html');
  assert.equal(of('<?xml version="1.0"?><!-- a --><STIX_Package>').format, 'stix1');
  const long = of(`<!-- ${'x'.repeat(HEAD_BYTES)}`.slice(0, HEAD_BYTES), '', false);
  assert.equal(long.format, undefined);
  assert.match(long.reason, /so long/);
});

test('a head that is cut off anywhere changes nothing, and nothing throws', () => {
  const bundle = JSON.stringify({
    type: 'bundle',
    objects: Array.from({ length: 400 }, (_, n) => ({ id: `x--${n}`, s: 'y"\\'.repeat(60) })),
  });
  for (const cut of [100, 1000, 4001, 4002, 4003, HEAD_BYTES])
    assert.equal(of(bundle.slice(0, cut), '', false).format, 'stix2');
  assert.equal(of(`${'192.0.2.1\n'.repeat(100)}198.51`, '', false).format, 'lines');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => typeof of(Buffer.from(bytes)).reason === 'string'),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'{}[]":,\\ \n<>!-a1#;\t'), maxLength: 60 }),
      (text) => typeof of(text).reason === 'string',
    ),
  );
});

test('hostile heads cost little', () => {
  for (const unit of ['[', '{"a":', '"', '\\', ',', '<', '<!--', '<?', ';', '|\t', ' ', 'a,b\n', '#\n', '"a,']) {
    const began = performance.now();
    of(unit.repeat(HEAD_BYTES / unit.length), 'x.html', false);
    const took = performance.now() - began;
    assert.ok(took < 2000, `${JSON.stringify(unit)}: ${took.toFixed(0)} ms`);
  }
});

test('the outline of JSON knows what stands where', () => {
  const { root, names, values } = outlineOf('{"a":{"b":[{"c":"x"},{"c":"y","d":null}]},"__proto__":"z","e":[1');
  assert.equal(root, 'object');
  assert.deepEqual(names, ['a', '__proto__', 'e']);
  assert.deepEqual(
    [...values],
    [
      ['', { kind: 'object' }],
      ['a', { kind: 'object' }],
      ['a.b', { kind: 'array' }],
      ['a.b[]', { kind: 'object' }],
      ['a.b[].c', { kind: 'text', text: 'x' }],
      ['a.b[].d', { kind: 'scalar' }],
      ['__proto__', { kind: 'text', text: 'z' }],
      ['e', { kind: 'array' }],
      ['e[]', { kind: 'scalar' }],
    ],
  );
});
