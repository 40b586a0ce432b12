import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createStix1Reader } from '../../../../ingest/formats/stix1/reader.ts';
import type { Taxii1Message } from '../../../../ingest/formats/taxii1/message.ts';
import { readMessage } from '../../../../ingest/formats/taxii1/reader.ts';
import { createTally, type TallyReport } from '../../../../ingest/tally.ts';
import { addressesIn, stixBlocks } from '../../../faults/collectors/taxii1-server.ts';

interface Read {
  message: Taxii1Message | undefined;
  values: string[];
  labels: string[];
  tally: TallyReport;
  error: (Error & { code?: string }) | undefined;
}

/** Reads a message whose bytes come in pieces of `size`. */
async function read(text: string, size = 1000): Promise<Read> {
  const tally = createTally();
  const stix = createStix1Reader({}, tally);
  const all = Buffer.from(text);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
  }
  const labels: string[] = [];
  const values: string[] = [];
  let message: Taxii1Message | undefined;
  let error: Read['error'];
  try {
    const reading = readMessage(pieces(), { stix, tally, label: (label) => labels.push(label) });
    let step = await reading.next();
    for (; step.done !== true; step = await reading.next())
      values.push(...step.value.map(({ indicator }) => indicator));
    message = step.value;
  } catch (thrown) {
    error = thrown as Error;
  }
  stix.end();
  for (let some = stix.take(); some.length > 0; some = stix.take())
    values.push(...some.map(({ indicator }) => indicator));
  stix.release();
  return { message, values: values.sort(), labels, tally: tally.take(), error };
}

const NAMESPACE = 'xmlns:t="http://taxii.mitre.org/messages/taxii_xml_binding-1.1"';

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function pollResponse(contents: readonly string[], attributes = ''): string {
  const blocks = contents.map(
    (content, index) =>
      `<t:Content_Block><t:Content_Binding binding_id="urn:stix.mitre.org:xml:1.2"><t:Subtype subtype_id="x"/></t:Content_Binding><t:Content>${content}</t:Content><t:Timestamp_Label>2026-01-01T00:00:0${index}Z</t:Timestamp_Label><t:Message>of the block</t:Message><t:Padding>0000</t:Padding></t:Content_Block>`,
  );
  return `<?xml version="1.0"?><t:Poll_Response ${NAMESPACE} message_id="1" in_response_to="2" collection_name="c"${attributes}><t:Inclusive_End_Timestamp> 2026-01-02T00:00:00.123456Z </t:Inclusive_End_Timestamp><t:Record_Count partial_count="true">3</t:Record_Count><t:Message>hello</t:Message>${blocks.join('')}</t:Poll_Response>`;
}

const [plain = '', second = '', third = ''] = stixBlocks(3).map(({ content }) => content);
const child = plain.replace(/^<\?xml[^>]*>\s*/, '');
const MIXED = pollResponse(
  [
    child,
    `\n ${escaped(second)}\n`,
    `<![CDATA[${third.slice(0, 300)}]]>${escaped(third.slice(300, 500))}<![CDATA[${third.slice(500)}]]>`,
    'no xml',
  ],
  ' more="true" result_id=" r1 " result_part_number="1"',
);

describe('messages of TAXII 1', () => {
  it('a poll response gives the same however its bytes are cut', async () => {
    const whole = await read(MIXED, 1_000_000);
    assert.deepEqual(whole.values, addressesIn(stixBlocks(3)));
    assert.deepEqual(whole.message, {
      kind: 'poll',
      more: true,
      resultId: 'r1',
      end: '2026-01-02T00:00:00.123456Z',
      partial: true,
      blocks: 4,
    });
    assert.deepEqual(
      whole.labels,
      [0, 1, 2, 3].map((second) => `2026-01-01T00:00:0${second}Z`),
    );
    assert.equal(whole.tally.skipped, 1);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 700 }), async (size) => {
        assert.deepEqual(await read(MIXED, size), whole);
      }),
      { numRuns: 30 },
    );
  });

  it('a response that breaks off gives what was whole in it, and then the error', async () => {
    const at = MIXED.indexOf('no xml');
    const { values, error } = await read(MIXED.slice(0, at));
    assert.deepEqual(values, addressesIn(stixBlocks(3)));
    assert.equal(error?.code, 'FEED_XML_BROKEN');
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: MIXED.length - 1 }), async (length) => {
        const cut = await read(MIXED.slice(0, length));
        assert.ok(cut.error !== undefined);
        for (const value of cut.values) assert.ok(value.startsWith('198.51.100.'));
      }),
      { numRuns: 50 },
    );
  });

  it('services and collections of both versions', async () => {
    const services = await read(
      `<Discovery_Response xmlns="http://taxii.mitre.org/messages/taxii_xml_binding-1" message_id="1">
       <Service_Instance service_type="FEED_MANAGEMENT" available="false"><Protocol_Binding>x</Protocol_Binding><Address> https://a.example/ </Address><Message_Binding>m</Message_Binding><Message_Binding>n</Message_Binding><Message>no</Message></Service_Instance>
       <Service_Instance service_type="POLL"><Address>b</Address></Service_Instance></Discovery_Response>`,
    );
    assert.deepEqual(services.message, {
      kind: 'services',
      services: [
        { type: 'COLLECTION_MANAGEMENT', available: false, address: 'https://a.example/', messages: ['m', 'n'] },
        { type: 'POLL', available: true, address: 'b', messages: [] },
      ],
    });
    const collections = await read(
      `<t:Collection_Information_Response ${NAMESPACE}><t:Collection collection_name="a &amp; b" collection_type="DATA_SET" available="true"><t:Description>d</t:Description>
       <t:Polling_Service><t:Address>p</t:Address><t:Message_Binding>m</t:Message_Binding></t:Polling_Service><t:Subscription_Service><t:Address>s</t:Address></t:Subscription_Service></t:Collection></t:Collection_Information_Response>`,
    );
    assert.deepEqual(collections.message, {
      kind: 'collections',
      collections: [{ name: 'a & b', isSet: true, available: true, polling: [{ address: 'p', messages: ['m'] }] }],
    });
  });

  it('a status with its details', async () => {
    const { message } = await read(
      `<t:Status_Message ${NAMESPACE} status_type="PENDING"><t:Status_Detail><t:Detail name="ESTIMATED_WAIT">60</t:Detail><t:Detail name="RESULT_ID">r9</t:Detail><t:Detail name="WILL_PUSH">false</t:Detail></t:Status_Detail><t:Message>soon</t:Message></t:Status_Message>`,
    );
    assert.deepEqual(message, { kind: 'status', type: 'PENDING', text: 'soon', resultId: 'r9', wait: 60 });
  });

  it('what is no message', async () => {
    assert.equal((await read('<html/>')).error?.code, 'FEED_SHAPE');
    assert.equal((await read('<t:Poll_Request xmlns:t="x"/>')).error?.code, 'FEED_SHAPE');
    assert.equal((await read('hello')).error?.code, 'FEED_XML_BROKEN');
    assert.equal((await read('<!DOCTYPE a [<!ENTITY b "c">]><a/>')).error?.code, 'FEED_XML_HOSTILE');
  });

  it('broken text in one block leaves those around it alone, also where it nests without end', async () => {
    const deep = '<a>'.repeat(5000);
    const { values, tally } = await read(
      pollResponse([
        child,
        escaped(deep),
        escaped(plain.slice(0, -20)),
        `<![CDATA[${second}]]>`,
        '<other><STIX_Package/></other>',
      ]),
    );
    // the third block breaks behind its indicator, which is whole
    assert.deepEqual(values, ['198.51.100.0', ...addressesIn(stixBlocks(2))]);
    assert.equal(tally.skipped, 3);
  });
});
