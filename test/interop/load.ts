import { DatabaseSync } from 'node:sqlite';
import { PASSWORD, type TaxiiServer, USER } from './server.ts';
import type { StixObject } from './stix2-data.ts';

/*
 * Puts data into the servers as a producer would, by their own interfaces. Nothing of tipline's is used here.
 */

const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
const TAXII2 = 'application/taxii+json;version=2.1';
const XML = 'urn:taxii.mitre.org:message:xml:1.1';
const STIX1 = 'urn:stix.mitre.org:xml:1.2';

/** The address of the objects of the one collection behind a TAXII 2.1 discovery. */
export async function objectsUrl(server: TaxiiServer): Promise<string> {
  const roots = await get<{ api_roots: string[] }>(`${server.origin}/taxii2/`);
  const root = new URL(roots.api_roots[0] ?? '', server.origin).href;
  const { collections } = await get<{ collections: { id: string }[] }>(`${root}collections/`);
  return `${root}collections/${collections[0]?.id}/objects/`;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { authorization, accept: TAXII2 } });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  return (await response.json()) as T;
}

/** One POST. Throws unless the server took all of them. */
export async function addObjects(url: string, objects: readonly StixObject[]): Promise<void> {
  const headers = { authorization, accept: TAXII2, 'content-type': TAXII2 };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ objects }) });
  const text = await response.text();
  const status = response.ok ? (JSON.parse(text) as { status: string; success_count: number }) : undefined;
  if (status?.status === 'complete' && status.success_count === objects.length) return;
  throw new Error(`${url} took less than ${objects.length} objects: ${response.status} ${text.slice(0, 1000)}`);
}

/** A document, and the time with which its producer labels it. */
export interface Block {
  content: string;
  label: string;
}

/** One Inbox_Message. */
export async function sendBlocks(server: TaxiiServer, collection: string, blocks: readonly Block[]): Promise<void> {
  const inside = blocks.map(
    ({ content, label }) =>
      `<t:Content_Block><t:Content_Binding binding_id="${STIX1}"/><t:Content>${content}</t:Content><t:Timestamp_Label>${label}</t:Timestamp_Label></t:Content_Block>`,
  );
  const body = `<t:Inbox_Message xmlns:t="http://taxii.mitre.org/messages/taxii_xml_binding-1.1" message_id="1"><t:Destination_Collection_Name>${collection}</t:Destination_Collection_Name>${inside.join('')}</t:Inbox_Message>`;
  const response = await fetch(`${server.origin}/services/inbox`, {
    method: 'POST',
    headers: {
      authorization,
      accept: 'application/xml',
      'content-type': 'application/xml',
      'x-taxii-content-type': XML,
      'x-taxii-accept': XML,
      'x-taxii-services': 'urn:taxii.mitre.org:services:1.1',
      'x-taxii-protocol': 'urn:taxii.mitre.org:protocol:http:1.0',
    },
    body,
  });
  const text = await response.text();
  if (!response.ok || !text.includes('status_type="SUCCESS"')) {
    throw new Error(`the inbox answered ${response.status}: ${text.slice(0, 1000)}`);
  }
}

/**
 * Lets an OpenTAXII have had its objects for long, in groups of one date a minute apart: it dates what it is given by its clock, and what is
 * younger than a minute may come again with the next reading. `fraction`: six digits of a second.
 */
export function backdate(
  database: string,
  { groupSize, newest, fraction }: { groupSize: number; newest: number; fraction: string },
): void {
  const db = new DatabaseSync(database);
  try {
    const rows = db.prepare('SELECT pk FROM opentaxii_stixobject ORDER BY date_added, id').all();
    const groups = Math.ceil(rows.length / groupSize);
    const change = db.prepare('UPDATE opentaxii_stixobject SET date_added = ? WHERE pk = ?');
    db.exec('BEGIN');
    for (const [at, row] of rows.entries()) {
      const time = new Date(newest - (groups - 1 - Math.floor(at / groupSize)) * 60_000).toISOString();
      // as SQLAlchemy writes them
      change.run(`${time.slice(0, 19).replace('T', ' ')}.${fraction}`, row.pk ?? null);
    }
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
