import type { Client } from '@elastic/elasticsearch';

/** What a day of the old pipeline holds; compared whole, so a single changed byte shows. */
export interface Picture {
  documents: unknown;
  mapping: unknown;
  settings: unknown;
}

/** Documents as Logstash's json codec and its elasticsearch output make them of what the old collector wrote. */
function documentsOf(day: string): Record<string, unknown>[] {
  const common = {
    '@version': '1',
    '@timestamp': `${day}T08:00:00.000Z`,
    host: 'collector-1',
    path: '/data/threat_intel/a.json',
  };
  return [
    {
      ...common,
      indicator: '203.0.113.7',
      type: 'ip',
      source: 'AbuseIPDB',
      confidence: 100,
      severity: 90,
      threat_score: 97,
      tags: 'malicious,blacklist',
      timestamp: `${day}T07:59:00Z`,
      geoip: { ip: '203.0.113.7', country_code2: 'NL', location: { lon: 4.9, lat: 52.4 } },
    },
    { ...common, indicator: 'http://bad.example/x?a=1', type: 'url', source: 'MISP', confidence: 80, threat_score: 56 },
    { ...common, message: 'no json', tags: ['_jsonparsefailure'] },
  ];
}

/** An index that Logstash makes by writing to it: dynamic mapping, ids of the server's. */
export async function makeLogstashDay(client: Client, index: string, day: string): Promise<void> {
  const operations = documentsOf(day).flatMap((document) => [{ index: { _index: index } }, document]);
  const { errors } = await client.bulk({ operations, refresh: true });
  if (errors) throw new Error(`the day ${index} could not be made`);
}

export async function pictureOf(client: Client, index: string): Promise<Picture> {
  // Searching an index that is not refreshed would hide what was written; a refresh changes none of what is compared.
  await client.indices.refresh({ index });
  const { hits } = await client.search({ index, size: 1000, sort: ['_doc'], version: true, seq_no_primary_term: true });
  const { [index]: mapping } = await client.indices.getMapping({ index });
  const { [index]: settings } = await client.indices.getSettings({ index });
  return { documents: hits.hits, mapping, settings };
}
