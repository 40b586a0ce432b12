import { type Fault, type FaultServer, openFaultServer, type Reply, type Seen } from './faults.ts';

/** How STIX stands in a content block. */
export type Wrapping = 'child' | 'escaped' | 'cdata';

export interface Block {
  /** A whole document. */
  content: string;
  /** Default is that of STIX 1.2. */
  binding?: string;
  /** Default: each in its turn. */
  wrapping?: Wrapping;
}

export interface Taxii1Options {
  version: '1.0' | '1.1';
  fault?: Fault;
  blocks: readonly Block[];
  /** Content blocks of one part. Default 4; in TAXII 1.0 all come at once. */
  partSize?: number;
  /** Content blocks of one result, with the faults about partial results. Default 6. */
  resultSize?: number;
  authorization?: string;
  kind?: 'DATA_FEED' | 'DATA_SET';
  /** How often a poll is told that its answer is not ready, and how many seconds it is to wait. */
  pending?: { times: number; wait: number };
  /** Blocks that bear one label. Default 1; with the fault `same-timestamp` 4. */
  sameLabel?: number;
  /** Epoch ms of the first label, or the clock that labels go by; they come a microsecond after each other. Default is a day in the past. */
  began?: number | (() => number);
  /** A status instead of an answer to each poll. */
  refuse?: { type: string; text: string };
  /** Addresses of services; default are its own. */
  management?: string;
  polling?: string;
}

export interface Taxii1Server extends FaultServer {
  readonly poll: string;
  add: Taxii1Site['add'];
}

interface Kept {
  block: Block;
  label: string;
  wrapping: Wrapping;
}

const NAMES = {
  '1.1': {
    namespace: 'http://taxii.mitre.org/messages/taxii_xml_binding-1.1',
    message: 'urn:taxii.mitre.org:message:xml:1.1',
    services: 'urn:taxii.mitre.org:services:1.1',
    management: 'COLLECTION_MANAGEMENT',
  },
  '1.0': {
    namespace: 'http://taxii.mitre.org/messages/taxii_xml_binding-1',
    message: 'urn:taxii.mitre.org:message:xml:1.0',
    services: 'urn:taxii.mitre.org:services:1.0',
    management: 'FEED_MANAGEMENT',
  },
} as const;
const WRAPPINGS: readonly Wrapping[] = ['child', 'escaped', 'cdata'];
const STIX_BINDING = 'urn:stix.mitre.org:xml:1.2';
const BEGAN = Date.parse('2026-01-02T03:04:00Z');

/** What a TAXII 1.0 or 1.1 server knows: a collection of content blocks. */
export interface Taxii1Site {
  answer(seen: Seen): Reply;
  /** More blocks, newer than all before; `late`: with the label of the last. */
  add(blocks: readonly Block[], late?: 'late'): void;
  /** How often a fault of its protocol struck. */
  readonly struck: number;
}

/** The same behind a server. */
export async function openTaxii1Server(options: Taxii1Options): Promise<Taxii1Server> {
  const site = createTaxii1Site(options);
  const server = await openFaultServer(options.fault ?? 'none', site.answer);
  return {
    url: `${server.url}/discovery`,
    poll: `${server.url}/poll`,
    requests: server.requests,
    strangers: server.strangers,
    get struck() {
      return server.struck + site.struck;
    },
    close: server.close,
    add: site.add,
  };
}

export function createTaxii1Site(options: Taxii1Options): Taxii1Site {
  const { version, fault = 'none', partSize = 4, resultSize = 6, authorization } = options;
  const sameLabel = options.sameLabel ?? (fault === 'same-timestamp' ? 4 : 1);
  const names = NAMES[version];
  // TAXII 1.0 has no word for a result that was capped
  const caps =
    version === '1.1' && (fault === 'partial-content' || fault === 'same-timestamp' || fault === 'more-without-next');
  const kept: Kept[] = [];
  const results = new Map<string, { part: Kept[]; more: boolean; partial: boolean }[]>();
  let labels = 0;
  let pages = 0;
  let pending = options.pending?.times ?? 0;
  let expired = false;
  let nameless = false;
  let struck = 0;

  const { began = BEGAN } = options;
  function add(blocks: readonly Block[], late?: 'late'): void {
    for (const [index, block] of blocks.entries()) {
      if (late === undefined && index % sameLabel === 0) labels += 1;
      const wrapping = block.wrapping ?? WRAPPINGS[kept.length % 3] ?? 'child';
      kept.push({ block, label: labelOf(typeof began === 'function' ? began() : began, labels), wrapping });
    }
  }
  add(options.blocks);

  function reply(name: string, attributes: string, inside: string): Reply {
    return {
      status: 200,
      headers: { 'content-type': 'application/xml', 'x-taxii-content-type': names.message },
      body: `<?xml version="1.0" encoding="UTF-8"?>\n<t:${name} xmlns:t="${names.namespace}" message_id="1" in_response_to="2"${attributes}>${inside}</t:${name}>`,
    };
  }

  function status(type: string, text: string, details = ''): Reply {
    return reply(
      'Status_Message',
      ` status_type="${type}"`,
      `${details === '' ? '' : `<t:Status_Detail>${details}</t:Status_Detail>`}<t:Message>${escaped(text)}</t:Message>`,
    );
  }

  function service(type: string, address: string): string {
    return `<t:Service_Instance service_type="${type}" service_version="${names.services}" available="true">
<t:Protocol_Binding>urn:taxii.mitre.org:protocol:http:1.0</t:Protocol_Binding><t:Address>${escaped(address)}</t:Address>
<t:Message_Binding>${names.message}</t:Message_Binding></t:Service_Instance>`;
  }

  function answer(seen: Seen): Reply {
    const { headers, body } = seen;
    if (authorization !== undefined && headers.authorization !== authorization)
      return status('UNAUTHORIZED', 'who are you?');
    const missing = [
      'content-type',
      'accept',
      'x-taxii-content-type',
      'x-taxii-accept',
      'x-taxii-services',
      'x-taxii-protocol',
    ].filter((name) => headers[name] === undefined);
    if (missing.length > 0) return status('FAILURE', `missing ${missing.join()}`);
    if (headers['x-taxii-content-type'] !== names.message) return status('UNSUPPORTED_MESSAGE', 'another version');
    const [, name = ''] = /<(\w+) xmlns="/.exec(body) ?? [];
    switch (name) {
      case 'Discovery_Request':
        return reply(
          'Discovery_Response',
          '',
          service('DISCOVERY', '/discovery') +
            service('INBOX', '/inbox') +
            service(names.management, options.management ?? '/collections') +
            service('POLL', options.polling ?? '/poll'),
        );
      case 'Collection_Information_Request':
      case 'Feed_Information_Request':
        return listing();
      case 'Poll_Request':
        return counted(pollAnswer(body));
      case 'Poll_Fulfillment':
        return counted(fulfilment(body));
      default:
        return status('BAD_MESSAGE', 'what is that?');
    }
  }

  function listing(): Reply {
    const [kind, name] =
      version === '1.1' ? (['Collection', 'collection_name'] as const) : (['Feed', 'feed_name'] as const);
    const type = version === '1.1' ? ` collection_type="${options.kind ?? 'DATA_FEED'}"` : '';
    const polling = `<t:Polling_Service><t:Protocol_Binding>urn:taxii.mitre.org:protocol:http:1.0</t:Protocol_Binding>
<t:Address>${escaped(options.polling ?? '/poll')}</t:Address><t:Message_Binding>${names.message}</t:Message_Binding></t:Polling_Service>`;
    return reply(
      `${kind}_Information_Response`,
      '',
      `<t:${kind} ${name}="open"${type} available="true"><t:Description>all</t:Description>${polling}</t:${kind}>` +
        `<t:${kind} ${name}="closed"${type} available="false">${polling}</t:${kind}>`,
    );
  }

  /** A page is a part with content. */
  function counted(given: Reply): Reply {
    if (!String(given.body).includes('Poll_Response')) return given;
    pages += 1;
    if (fault === 'wrong-content-type' && pages === 2 && !nameless) {
      // a proxy in between that knows nothing of TAXII
      nameless = true;
      return { ...given, headers: { 'content-type': 'text/plain' } };
    }
    return { ...given, page: pages };
  }

  function pollAnswer(body: string): Reply {
    const [, collection] = /(?:collection|feed)_name="([^"]*)"/.exec(body) ?? [];
    if (collection !== 'open') return status('NOT_FOUND', `no collection ${collection}`);
    if (options.refuse !== undefined) return status(options.refuse.type, options.refuse.text);
    const [, begin = ''] = /<Exclusive_Begin_Timestamp>([^<]*)</.exec(body) ?? [];
    if (begin !== '' && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z$/.test(begin))
      return status('BAD_MESSAGE', 'bad time');
    if (options.kind === 'DATA_SET' && begin !== '') return status('BAD_MESSAGE', 'a data set has no times');
    const all = kept.filter(({ label }) => comparable(label) > comparable(begin));
    const part = caps ? all.slice(0, resultSize) : all;
    const partial = part.length < all.length;
    const id = `result-${results.size + 1}`;
    const size = version === '1.1' && fault !== 'more-without-next' ? partSize : part.length;
    if (fault === 'same-timestamp' || (partial && caps)) struck += 1;
    const parts: Kept[][] = [];
    for (let at = 0; at < part.length; at += size) parts.push(part.slice(at, at + size));
    if (fault === 'empty-page-with-more' && version === '1.1') {
      parts.splice(1, 0, []);
      struck += 1;
    }
    if (parts.length === 0) parts.push([]);
    results.set(
      id,
      parts.map((each, index) => ({ part: each, more: index < parts.length - 1, partial })),
    );
    if (pending > 0) return notReady(id);
    return poll(id, 1);
  }

  function notReady(id: string): Reply {
    pending -= 1;
    const detail = (name: string, value: string | number): string => `<t:Detail name="${name}">${value}</t:Detail>`;
    return status('PENDING', 'later', detail('ESTIMATED_WAIT', options.pending?.wait ?? 1) + detail('RESULT_ID', id));
  }

  function fulfilment(body: string): Reply {
    const [, id = ''] = /result_id="([^"]*)"/.exec(body) ?? [];
    const [, part = ''] = /result_part_number="(\d+)"/.exec(body) ?? [];
    if (!results.has(id) || (fault === 'expired-next' && !expired)) {
      expired = true;
      return status('NOT_FOUND', 'no such result');
    }
    if (pending > 0) return notReady(id);
    return poll(id, Number(part));
  }

  function poll(id: string, number: number): Reply {
    const result = results.get(id)?.[number - 1] ?? { part: [], more: false, partial: false };
    const nameless = fault === 'more-without-next';
    const more = nameless ? result.partial : result.more;
    const attributes =
      version === '1.0'
        ? ' feed_name="open"'
        : ` collection_name="open"${more ? ' more="true"' : ''}${nameless ? '' : ` result_id="${id}" result_part_number="${number}"`}`;
    const partial = result.partial && version === '1.1' && !nameless;
    // of a capped result it tells no end: with some servers it is that of the whole
    const end = fault === 'no-date-headers' || result.partial || options.kind === 'DATA_SET' ? '' : kept.at(-1)?.label;
    return reply(
      'Poll_Response',
      attributes,
      (end === undefined || end === '' ? '' : `<t:Inclusive_End_Timestamp>${end}</t:Inclusive_End_Timestamp>`) +
        (version === '1.1' ? `<t:Record_Count partial_count="${partial}">${kept.length}</t:Record_Count>` : '') +
        result.part.map((each) => blockOf(each)).join('\n'),
    );
  }

  function blockOf({ block, label, wrapping }: Kept): string {
    const { binding = STIX_BINDING } = block;
    const called =
      version === '1.1'
        ? `<t:Content_Binding binding_id="${binding}"/>`
        : `<t:Content_Binding>${binding}</t:Content_Binding>`;
    return `<t:Content_Block>${called}<t:Content>${wrapped(block.content, wrapping)}</t:Content><t:Timestamp_Label>${label}</t:Timestamp_Label></t:Content_Block>`;
  }

  return {
    answer,
    add,
    get struck() {
      return struck + (expired ? 1 : 0) + (nameless ? 1 : 0);
    },
  };
}

function wrapped(content: string, wrapping: Wrapping): string {
  switch (wrapping) {
    case 'child':
      return content.replace(/^<\?xml[^>]*>\s*/, '');
    case 'escaped':
      return escaped(content);
    case 'cdata':
      return `\n  <![CDATA[${content}]]>\n`;
    default:
      wrapping satisfies never;
      return '';
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function labelOf(began: number, number: number): string {
  const micros = (began % 1000) * 1000 + number;
  const second = new Date(began - (began % 1000) + Math.floor(micros / 1_000_000) * 1000).toISOString().slice(0, 19);
  return `${second}.${String(micros % 1_000_000).padStart(6, '0')}Z`;
}

/** Orders times that are written with different numbers of digits. */
function comparable(time: string): string {
  const [whole = '', fraction = ''] = time.replace('Z', '').split('.');
  return whole === '' ? '' : `${whole}.${fraction.padEnd(6, '0')}`;
}

/** Packages with an indicator of an address from 198.51.100.0 on each, numbered from `first`. */
export function stixBlocks(count: number, first = 0): Block[] {
  return Array.from({ length: count }, (_, index) => ({ content: packageOf(first + index) }));
}

/** What `stixBlocks` say. */
export function addressesIn(blocks: readonly Block[]): string[] {
  return blocks.flatMap(({ content }) => /198\.51\.\d+\.\d+/.exec(content)?.[0] ?? []).sort();
}

function packageOf(number: number): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1" xmlns:indicator="http://stix.mitre.org/Indicator-2"
 xmlns:cybox="http://cybox.mitre.org/cybox-2" xmlns:AddressObj="http://cybox.mitre.org/objects#AddressObject-2"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:example="http://example.org/" id="example:package-${number}" version="1.2">
 <stix:Indicators><stix:Indicator xsi:type="indicator:IndicatorType" id="example:indicator-${number}" timestamp="2026-01-01T00:00:00Z">
  <indicator:Title>An address &amp; more</indicator:Title>
  <indicator:Observable id="example:observable-${number}"><cybox:Object><cybox:Properties xsi:type="AddressObj:AddressObjectType" category="ipv4-addr">
   <AddressObj:Address_Value condition="Equals">198.51.${100 + (number >> 8)}.${number & 255}</AddressObj:Address_Value>
  </cybox:Properties></cybox:Object></indicator:Observable>
 </stix:Indicator></stix:Indicators>
</stix:STIX_Package>`;
}
