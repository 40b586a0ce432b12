import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openDocument, readerOf } from '../../../ingest/files/open-document.ts';
import { createTally, type TallyReport } from '../../../ingest/tally.ts';

/** `type indicator` of what comes of a document, told by its content alone, and why it was taken for what it is. */
async function read(text: string): Promise<{ named: string[]; reason: string; left: TallyReport }> {
  async function* bytes(): AsyncGenerator<Buffer> {
    for (let at = 0; at < text.length; at += 100) yield Buffer.from(text.slice(at, at + 100));
  }
  const document = await openDocument(bytes(), { name: 'saved', maxBytes: 1024 ** 2 });
  const { recognition } = document;
  assert.ok(recognition.format !== undefined, recognition.reason);
  const tally = createTally();
  const named: string[] = [];
  for await (const batch of readerOf(recognition)(document.bytes, tally)) {
    named.push(...batch.map(({ type, indicator }) => `${type} ${indicator}`));
  }
  return { named: named.sort(), reason: `${recognition.format}: ${recognition.reason}`, left: tally.take() };
}

const CYBOX = [
  'xmlns:c="http://cybox.mitre.org/cybox-2"',
  'xmlns:a="http://cybox.mitre.org/objects#AddressObject-2"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
].join(' ');
const object = (address: string): string =>
  `<c:Object><c:Properties xsi:type="a:AddressObjectType" category="ipv4-addr"><a:Address_Value>${address}</a:Address_Value></c:Properties></c:Object>`;
const observables = (...addresses: string[]): string =>
  `<c:Observables ${CYBOX}>${addresses.map((each) => `<c:Observable>${object(each)}</c:Observable>`).join('')}</c:Observables>`;
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

describe('STIX 1 that was saved without its package', () => {
  it('observables alone', async () => {
    const { named, reason } = await read(observables('192.0.2.1', '192.0.2.2'));
    assert.deepEqual([named, reason], [['ip 192.0.2.1', 'ip 192.0.2.2'], 'stix1: the root element Observables']);
  });

  it('one indicator, or one observable', async () => {
    const indicator = `<i:Indicator xmlns:i="http://stix.mitre.org/Indicator-2" ${CYBOX} id="x:1"><i:Observable>${object('192.0.2.3')}</i:Observable></i:Indicator>`;
    assert.deepEqual((await read(indicator)).named, ['ip 192.0.2.3']);
    assert.deepEqual((await read(`<c:Observable ${CYBOX}>${object('192.0.2.4')}</c:Observable>`)).named, [
      'ip 192.0.2.4',
    ]);
  });
});

describe('a Poll_Response of TAXII 1', () => {
  const block = (content: string): string =>
    `<t:Content_Block><t:Content_Binding>urn:stix.mitre.org:xml:1.1</t:Content_Binding><t:Content>${content}</t:Content></t:Content_Block>`;
  const response = (version: string, attributes: string, ...contents: string[]): string =>
    `<?xml version="1.0"?>\n<t:Poll_Response xmlns:t="http://taxii.mitre.org/messages/taxii_xml_binding-${version}"${attributes}>${contents.map(block).join('')}</t:Poll_Response>`;

  it('of either version, with its contents as elements or as text', async () => {
    for (const version of ['1', '1.1']) {
      const { named, left } = await read(
        response(version, '', observables('192.0.2.1'), escaped(observables('192.0.2.2')), 'a note'),
      );
      assert.deepEqual(named, ['ip 192.0.2.1', 'ip 192.0.2.2']);
      assert.deepEqual([left.skipped, left.notes], [1, []]);
    }
  });

  it('says when the rest of it is elsewhere, and gives what came before it breaks off', async () => {
    const part = response('1.1', ' more="true" result_id="7"', observables('192.0.2.1'));
    const { named, left } = await read(part);
    assert.deepEqual([named, left.notes.length], [['ip 192.0.2.1'], 1]);
    assert.match(left.notes[0] ?? '', /a part of its result/);
    await assert.rejects(read(part.slice(0, -20)), { code: 'FEED_XML_BROKEN' });
  });
});

describe('STIX 2 that was saved without its bundle', () => {
  const uuid = (n: number): string => `8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3${n}`;
  const indicator = (n: number): object => ({
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${uuid(n)}`,
    created: '2024-01-01T00:00:00Z',
    modified: '2024-01-01T00:00:00Z',
    pattern: `[ipv4-addr:value = '192.0.2.${n}']`,
    pattern_type: 'stix',
    valid_from: '2024-01-01T00:00:00Z',
  });

  it('one object, a list of them, and an envelope of TAXII 2', async () => {
    assert.deepEqual((await read(JSON.stringify(indicator(1)))).named, ['ip 192.0.2.1']);
    assert.deepEqual((await read(JSON.stringify([indicator(1), indicator(2)]))).named, [
      'ip 192.0.2.1',
      'ip 192.0.2.2',
    ]);
    const envelope = JSON.stringify({ more: true, next: '2', objects: [indicator(1), indicator(2)] });
    assert.deepEqual((await read(envelope)).named, ['ip 192.0.2.1', 'ip 192.0.2.2']);
    assert.deepEqual((await read('{"more":false,"objects":[]}')).named, []);
  });
});
