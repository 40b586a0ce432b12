import { createHash } from 'node:crypto';

/** A document of STIX 1.2, marked TLP:AMBER, and the values that are to be found in it, each with the id of the indicator that names it. */
export interface Package {
  content: string;
  told: readonly (readonly [ref: string, value: string])[];
}

const NAMESPACES = [
  ['stix', 'http://stix.mitre.org/stix-1'],
  ['stixCommon', 'http://stix.mitre.org/common-1'],
  ['indicator', 'http://stix.mitre.org/Indicator-2'],
  ['ttp', 'http://stix.mitre.org/TTP-1'],
  ['cybox', 'http://cybox.mitre.org/cybox-2'],
  ['cyboxCommon', 'http://cybox.mitre.org/common-2'],
  ['AddressObj', 'http://cybox.mitre.org/objects#AddressObject-2'],
  ['DomainNameObj', 'http://cybox.mitre.org/objects#DomainNameObject-1'],
  ['URIObj', 'http://cybox.mitre.org/objects#URIObject-2'],
  ['FileObj', 'http://cybox.mitre.org/objects#FileObject-2'],
  ['marking', 'http://data-marking.mitre.org/Marking-1'],
  ['tlp', 'http://data-marking.mitre.org/extensions/MarkingStructure#TLP-1'],
  ['xsi', 'http://www.w3.org/2001/XMLSchema-instance'],
  ['interop', 'urn:tipline:interop'],
]
  .map(([prefix, name]) => `xmlns:${prefix}="${name}"`)
  .join(' ');

const EQUALS = 'condition="Equals"';

/** Five indicators: a list of addresses, a name, a URL with an ampersand in it, a file, and an observable that stands elsewhere in the document. */
export function stixPackage(n: number): Package {
  const addresses = [1, 2, 3].map((host) => `198.18.${n}.${host}`);
  const name = `host-${n}.example`;
  const url = `http://${name}/a?n=${n}&b=1`;
  const hash = createHash('sha256').update(`file ${n}`).digest('hex');
  const elsewhere = `198.19.${n}.1`;
  const list = `<AddressObj:Address_Value ${EQUALS} apply_condition="ANY">${addresses.join('##comma##')}</AddressObj:Address_Value>`;
  const one = `<AddressObj:Address_Value>${elsewhere}</AddressObj:Address_Value>`;
  const domain = `<DomainNameObj:Value ${EQUALS}>${name}</DomainNameObj:Value>`;
  const uri = `<URIObj:Value ${EQUALS}>${url.replace('&', '&amp;')}</URIObj:Value>`;
  const file = `<FileObj:Hashes><cyboxCommon:Hash><cyboxCommon:Simple_Hash_Value ${EQUALS}>${hash}</cyboxCommon:Simple_Hash_Value></cyboxCommon:Hash></FileObj:Hashes>`;
  const parts: readonly (readonly [what: string, observable: string, values: readonly string[]])[] = [
    ['addresses', object('AddressObj:AddressObjectType', 'category="ipv4-addr"', list), addresses],
    ['name', object('DomainNameObj:DomainNameObjectType', 'type="FQDN"', domain), [name]],
    ['url', object('URIObj:URIObjectType', 'type="URL"', uri), [url]],
    ['file', object('FileObj:FileObjectType', '', file), [hash]],
    ['elsewhere', `<indicator:Observable idref="interop:observable-${n}"/>`, [elsewhere]],
  ];
  const told = parts.flatMap(([what, , values]) => values.map((value) => [refOf(n, what), value] as const));
  const content = `<stix:STIX_Package ${NAMESPACES} id="interop:package-${n}" version="1.2" timestamp="2026-01-05T08:00:00.000000Z">
<stix:STIX_Header><stix:Handling><marking:Marking><marking:Controlled_Structure>//node()</marking:Controlled_Structure><marking:Marking_Structure xsi:type="tlp:TLPMarkingStructureType" color="AMBER"/></marking:Marking></stix:Handling></stix:STIX_Header>
<stix:Indicators>${parts.map(([what, observable]) => indicator(n, what, observable)).join('')}</stix:Indicators>
<stix:TTPs><stix:TTP xsi:type="ttp:TTPType" id="interop:ttp-${n}"><ttp:Title>Family A</ttp:Title><ttp:Behavior><ttp:Malware><ttp:Malware_Instance><ttp:Name>Family A</ttp:Name></ttp:Malware_Instance></ttp:Malware></ttp:Behavior></stix:TTP></stix:TTPs>
<stix:Observables cybox_major_version="2" cybox_minor_version="1"><cybox:Observable id="interop:observable-${n}">${inside('AddressObj:AddressObjectType', 'category="ipv4-addr"', one)}</cybox:Observable></stix:Observables>
</stix:STIX_Package>`;
  return { content, told };
}

function refOf(n: number, what: string): string {
  return `interop:indicator-${n}-${what}`;
}

function indicator(n: number, what: string, observable: string): string {
  return `<stix:Indicator xsi:type="indicator:IndicatorType" id="${refOf(n, what)}" timestamp="2026-01-05T08:00:00.000000Z"><indicator:Title>${what} ${n}</indicator:Title>${observable}<indicator:Indicated_TTP><stixCommon:TTP idref="interop:ttp-${n}"/></indicator:Indicated_TTP><indicator:Confidence><stixCommon:Value>High</stixCommon:Value></indicator:Confidence></stix:Indicator>`;
}

function object(type: string, attributes: string, content: string): string {
  return `<indicator:Observable>${inside(type, attributes, content)}</indicator:Observable>`;
}

function inside(type: string, attributes: string, content: string): string {
  return `<cybox:Object><cybox:Properties xsi:type="${type}" ${attributes}>${content}</cybox:Properties></cybox:Object>`;
}
