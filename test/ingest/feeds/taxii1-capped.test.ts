import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createFetcher } from '../../../ingest/fetch/fetcher.ts';
import { driveFeed } from '../../faults/collectors/drive.ts';
import { addressesIn, stixBlocks } from '../../faults/collectors/taxii1-server.ts';
import { openWeb } from '../web.ts';

const NAMESPACE = 'http://taxii.mitre.org/messages/taxii_xml_binding-1';
const HEADERS = { 'content-type': 'application/xml', 'x-taxii-content-type': 'urn:taxii.mitre.org:message:xml:1.0' };
const MOST = 2;

describe('a TAXII 1.0 server that caps its answers', () => {
  it('is read to the end by the labels, though each answer claims to be all until now', async (t) => {
    const blocks = stixBlocks(5).map(({ content }, at) => ({ content, label: `2026-01-01T00:00:0${at}.000000Z` }));
    const begins: string[] = [];
    const web = await openWeb(t, async (request, response) => {
      const [body] = await request.setEncoding('utf8').toArray();
      const begin = /<Exclusive_Begin_Timestamp>([^<]*)</.exec(String(body))?.[1] ?? '';
      begins.push(begin);
      const given = blocks
        .filter(({ label }) => label > begin)
        .slice(0, MOST)
        .map(
          ({ content, label }) =>
            `<Content_Block><Content_Binding>urn:stix.mitre.org:xml:1.2</Content_Binding><Content>${content.replace(/^<\?.*\?>/, '')}</Content><Timestamp_Label>${label}</Timestamp_Label></Content_Block>`,
        );
      const end = `<Inclusive_End_Timestamp>${new Date().toISOString()}</Inclusive_End_Timestamp>`;
      response.writeHead(200, HEADERS);
      response.end(
        `<Poll_Response xmlns="${NAMESPACE}" message_id="1" in_response_to="2" feed_name="open">${end}${given.join('')}</Poll_Response>`,
      );
    });
    const fetcher = createFetcher();
    t.after(() => fetcher.close());
    const section = { type: 'taxii1', poll_url: web.url, collections: ['open'], version: '1.0', since: 'all' };
    const driver = driveFeed({ name: 'capped', ...section }, fetcher);

    for (let reading = 0; reading < 4; reading += 1) await driver.untilGood(1);
    assert.deepEqual(
      driver.records.map(({ indicator }) => indicator),
      addressesIn(blocks),
    );
    assert.deepEqual(begins, [
      '',
      '2026-01-01T00:00:01.000000Z',
      '2026-01-01T00:00:03.000000Z',
      '2026-01-01T00:00:04.000000Z',
    ]);
  });
});
