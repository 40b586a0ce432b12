import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import type { Stix1Options } from '../../../../ingest/formats/stix1/reader.ts';
import { stix1Records } from '../../../../ingest/formats/stix1/records.ts';
import { createTally, type TallyReport } from '../../../../ingest/tally.ts';

/** Local names under prefixes of one's own; the reader must not care which. */
const NAMESPACES = [
  'xmlns:s="http://stix.mitre.org/stix-1"',
  'xmlns:i="http://stix.mitre.org/Indicator-2"',
  'xmlns:t="http://stix.mitre.org/TTP-1"',
  'xmlns:sc="http://stix.mitre.org/common-1"',
  'xmlns:c="http://cybox.mitre.org/cybox-2"',
  'xmlns:cc="http://cybox.mitre.org/common-2"',
  'xmlns:o="http://cybox.mitre.org/objects#AnyObject-2"',
  'xmlns:m="http://data-marking.mitre.org/Marking-1"',
  'xmlns:tlp="http://data-marking.mitre.org/extensions/MarkingStructure#TLP-1"',
  'xmlns:ais="http://www.us-cert.gov/STIXMarkingStructure#AISConsentMarking-2"',
  'xmlns:inc="http://stix.mitre.org/Incident-1"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  'xmlns:ex="http://example.org/"',
].join(' ');

/** A package; `attributes` replaces `version="1.2"`. */
export function stixPackage(
  body: string,
  attributes = 'id="ex:package-1" version="1.2" timestamp="2024-01-01T00:00:00Z"',
): string {
  return `<?xml version="1.0"?>\n<s:STIX_Package ${NAMESPACES} ${attributes}>${body}</s:STIX_Package>`;
}

/** An indicator with an id and the given fields. */
export function indicator(id: string, fields: string, attributes = ''): string {
  return `<s:Indicator id="ex:${id}" xsi:type="i:IndicatorType" ${attributes}>${fields}</s:Indicator>`;
}

export function indicators(...all: string[]): string {
  return `<s:Indicators>${all.join('\n')}</s:Indicators>`;
}

export function observables(...all: string[]): string {
  return `<s:Observables cybox_major_version="2" cybox_minor_version="1">${all.join('\n')}</s:Observables>`;
}

/** An observable with one object; `id` also names the object, as `ex:object-…`. */
export function observable(id: string, properties: string, element = 'c:Observable', attributes = ''): string {
  const ids = id === '' ? ['', ''] : [`id="ex:${id}"`, `id="ex:object-${id}"`];
  return `<${element} ${ids[0]} ${attributes}><c:Object ${ids[1]}>${properties}</c:Object></${element}>`;
}

/** Of an indicator. */
export function pattern(id: string, properties: string): string {
  return observable(id, properties, 'i:Observable');
}

export function properties(type: string, inside: string, attributes = ''): string {
  return `<c:Properties xsi:type="o:${type}ObjectType" ${attributes}>${inside}</c:Properties>`;
}

export function address(value: string, category = 'ipv4-addr', condition = 'condition="Equals"'): string {
  return properties('Address', `<o:Address_Value ${condition}>${value}</o:Address_Value>`, `category="${category}"`);
}

export function domain(value: string, attributes = ''): string {
  return properties('DomainName', `<o:Value ${attributes}>${value}</o:Value>`, 'type="FQDN"');
}

export function composition(operator: string, ...operands: string[]): string {
  return `<c:Observable_Composition operator="${operator}">${operands.join('')}</c:Observable_Composition>`;
}

export interface Reading {
  records: RawIndicator[];
  report: TallyReport;
  /** `type value` of each record, with ` +` behind it when it is composite. */
  values: string[];
}

/** Reads a document that comes in pieces of `size` bytes. */
export async function read(document: string, options: Stix1Options = {}, size = 4096): Promise<Reading> {
  const bytes = Buffer.from(document);
  async function* pieces(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  const tally = createTally();
  const records: RawIndicator[] = [];
  for await (const batch of stix1Records(pieces(), options, tally)) records.push(...batch);
  return { records, report: tally.take(), values: records.map(shown) };
}

export function shown({ type, indicator: value, composite }: RawIndicator): string {
  return `${type ?? '?'} ${value}${composite === true ? ' +' : ''}`;
}
