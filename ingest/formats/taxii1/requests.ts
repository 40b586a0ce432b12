import { randomInt } from 'node:crypto';

export type Taxii1Version = '1.1' | '1.0';

interface Binding {
  namespace: string;
  /** Of the messages, for X-TAXII-Content-Type and X-TAXII-Accept. */
  message: string;
  services: string;
}

export const BINDINGS: Readonly<Record<Taxii1Version, Binding>> = {
  '1.1': {
    namespace: 'http://taxii.mitre.org/messages/taxii_xml_binding-1.1',
    message: 'urn:taxii.mitre.org:message:xml:1.1',
    services: 'urn:taxii.mitre.org:services:1.1',
  },
  '1.0': {
    namespace: 'http://taxii.mitre.org/messages/taxii_xml_binding-1',
    message: 'urn:taxii.mitre.org:message:xml:1.0',
    services: 'urn:taxii.mitre.org:services:1.0',
  },
};

export interface PollQuestion {
  collection: string;
  /** Only what has a later label; with zone, and at most six digits behind the second. */
  begin?: string | undefined;
  subscription?: string | undefined;
  /** The server may prepare the answer and have it fetched later. */
  asynchronous: boolean;
}

export function discoveryRequest(version: Taxii1Version): string {
  return message(version, 'Discovery_Request', {}, '');
}

export function collectionsRequest(version: Taxii1Version): string {
  return message(version, version === '1.1' ? 'Collection_Information_Request' : 'Feed_Information_Request', {}, '');
}

/** Without an end: until when the answer reaches is for the server to say, whose clock it is. */
export function pollRequest(version: Taxii1Version, question: PollQuestion): string {
  const { collection, begin, subscription, asynchronous } = question;
  const from = begin === undefined ? '' : `<Exclusive_Begin_Timestamp>${escaped(begin)}</Exclusive_Begin_Timestamp>`;
  if (version === '1.0') {
    const names = { feed_name: collection, ...(subscription === undefined ? {} : { subscription_id: subscription }) };
    return message(version, 'Poll_Request', names, from);
  }
  const parameters = `<Poll_Parameters allow_asynch="${asynchronous}"><Response_Type>FULL</Response_Type></Poll_Parameters>`;
  const how = subscription === undefined ? parameters : `<Subscription_ID>${escaped(subscription)}</Subscription_ID>`;
  return message(version, 'Poll_Request', { collection_name: collection }, from + how);
}

/** A part of a result, of TAXII 1.1 alone. */
export function fulfilmentRequest(collection: string, resultId: string, part: number): string {
  const names = { collection_name: collection, result_id: resultId, result_part_number: String(part) };
  return message('1.1', 'Poll_Fulfillment', names, '');
}

function message(version: Taxii1Version, name: string, attributes: Record<string, string>, inside: string): string {
  const all = { xmlns: BINDINGS[version].namespace, message_id: String(randomInt(1, 2 ** 47)), ...attributes };
  const written = Object.entries(all)
    .map(([key, value]) => ` ${key}="${escaped(value)}"`)
    .join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name}${written}>${inside}</${name}>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** For text and attributes; characters that XML cannot hold at all are left out. */
function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? '').replace(/[\p{Cc}\p{Cs}\ufffe\uffff]/gu, '');
}
