import { type Document, timesIn } from './document.ts';
import { address, hex, stamped } from './stamped.ts';
import { author } from './words.ts';

const BLOCKS = 1200;
/** Every third indicator names an observable that stands so many blocks behind it. */
const FORWARD = 3;
const AHEAD = 600;

const NAMESPACES = [
  'xmlns:stix="http://stix.mitre.org/stix-1"',
  'xmlns:indicator="http://stix.mitre.org/Indicator-2"',
  'xmlns:ttp="http://stix.mitre.org/TTP-1"',
  'xmlns:stixCommon="http://stix.mitre.org/common-1"',
  'xmlns:cybox="http://cybox.mitre.org/cybox-2"',
  'xmlns:cyboxCommon="http://cybox.mitre.org/common-2"',
  'xmlns:AddressObj="http://cybox.mitre.org/objects#AddressObject-2"',
  'xmlns:URIObj="http://cybox.mitre.org/objects#URIObject-2"',
  'xmlns:FileObj="http://cybox.mitre.org/objects#FileObject-2"',
  'xmlns:marking="http://data-marking.mitre.org/Marking-1"',
  'xmlns:tlpMarking="http://data-marking.mitre.org/extensions/MarkingStructure#TLP-1"',
  'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"',
  'xmlns:example="http://example.org/"',
].join(' ');

const HEADER = `
  <stix:STIX_Header><stix:Handling><marking:Marking>
    <marking:Controlled_Structure>//node()</marking:Controlled_Structure>
    <marking:Marking_Structure xsi:type="tlpMarking:TLPMarkingStructureType" color="GREEN"/>
  </marking:Marking></stix:Handling></stix:STIX_Header>`;

/** One poll response: a content block a package, as servers send it, with STIX 1 as elements; a third of the indicators point ahead. */
export function taxii1Poll(size: number): Document {
  const { sentence, oneOf, digits, below } = author(13);

  function properties(n: number): string {
    const host = `${oneOf(['cdn', 'mail', 'login'])}-${hex(n)}.example`;
    return oneOf([
      `<cybox:Properties xsi:type="AddressObj:AddressObjectType" category="ipv4-addr">
            <AddressObj:Address_Value condition="Equals">${address(n)}</AddressObj:Address_Value></cybox:Properties>`,
      `<cybox:Properties xsi:type="URIObj:URIObjectType" type="URL">
            <URIObj:Value condition="Equals">http://${host}/${digits(8)}/gate.php?a=1&amp;b=${digits(4)}</URIObj:Value></cybox:Properties>`,
      `<cybox:Properties xsi:type="FileObj:FileObjectType"><FileObj:File_Name>${sentence(1)}.exe</FileObj:File_Name>
            <FileObj:Hashes><cyboxCommon:Hash><cyboxCommon:Type>SHA256</cyboxCommon:Type>
            <cyboxCommon:Simple_Hash_Value condition="Equals">${hex(n)}${digits(56)}</cyboxCommon:Simple_Hash_Value></cyboxCommon:Hash></FileObj:Hashes></cybox:Properties>`,
    ]);
  }

  const observable = (element: string, n: number): string => `<${element} id="example:Observable-${hex(n)}">
          <cybox:Object id="example:Object-${hex(n)}">${properties(n)}</cybox:Object></${element}>`;

  function indicator(n: number, inside: string): string {
    return `
    <stix:Indicator id="example:indicator-${hex(n)}" timestamp="2026-11-20T10:00:00.000000+00:00" xsi:type="indicator:IndicatorType">
      <indicator:Title>${sentence(4)}</indicator:Title>
      <indicator:Type xsi:type="stixVocabs:IndicatorTypeVocab-1.1" xmlns:stixVocabs="http://stix.mitre.org/default_vocabularies-1">C2</indicator:Type>
      <indicator:Description>${sentence(12 + below(12))}</indicator:Description>
      <indicator:Valid_Time_Position><indicator:Start_Time precision="second">2026-11-20T10:00:00+00:00</indicator:Start_Time></indicator:Valid_Time_Position>
      ${inside}
      <indicator:Indicated_TTP><stixCommon:TTP idref="example:ttp-${below(40)}" xsi:type="ttp:TTPType"/></indicator:Indicated_TTP>
      <indicator:Confidence timestamp="2026-11-20T10:00:00+00:00"><stixCommon:Value>${oneOf(['High', 'Medium', 'Low'])}</stixCommon:Value></indicator:Confidence>
    </stix:Indicator>`;
  }

  /** A package with an indicator; every third one holds instead an observable that an earlier one spoke of, and another that points ahead. */
  function content(n: number): string {
    if (n % FORWARD !== 0)
      return `<stix:Indicators>${indicator(n, observable('indicator:Observable', n))}\n  </stix:Indicators>`;
    const named = `<indicator:Observable idref="example:Observable-${hex(n + AHEAD)}"/>`;
    return `<stix:Observables cybox_major_version="2" cybox_minor_version="1">${observable('cybox:Observable', n)}</stix:Observables>
  <stix:Indicators>${indicator(n, named)}\n  </stix:Indicators>`;
  }

  const blocks = stamped(
    BLOCKS,
    (n) => `
 <taxii_11:Content_Block><taxii_11:Content_Binding binding_id="urn:stix.mitre.org:xml:1.1.1"/><taxii_11:Content>
 <stix:STIX_Package ${NAMESPACES} id="example:Package-${hex(n)}" version="1.1.1" timestamp="2026-11-20T10:00:00+00:00">${HEADER}
  ${content(n)}
 </stix:STIX_Package></taxii_11:Content><taxii_11:Timestamp_Label>2026-11-20T10:00:00.000000+00:00</taxii_11:Timestamp_Label></taxii_11:Content_Block>`,
  );

  const times = timesIn(size, blocks.bytes);
  return {
    contentType: 'application/xml',
    // the last indicators name observables that never come, but as many observables at the beginning speak for themselves
    records: times * BLOCKS,
    *pieces() {
      yield Buffer.from(
        `<?xml version="1.0" encoding="UTF-8"?>\n<taxii_11:Poll_Response xmlns:taxii_11="http://taxii.mitre.org/messages/taxii_xml_binding-1.1" message_id="1" in_response_to="1" collection_name="bench" more="false" result_part_number="1">`,
      );
      for (let n = 0; n < times; n += 1) yield blocks.next();
      const ttps = Array.from(
        { length: 40 },
        (_, n) =>
          `<stix:TTP id="example:ttp-${n}" xsi:type="ttp:TTPType"><ttp:Title>Family ${n}</ttp:Title><ttp:Behavior><ttp:Malware><ttp:Malware_Instance><ttp:Name>Family ${n}</ttp:Name></ttp:Malware_Instance></ttp:Malware></ttp:Behavior></stix:TTP>`,
      );
      yield Buffer.from(
        `\n <taxii_11:Content_Block><taxii_11:Content_Binding binding_id="urn:stix.mitre.org:xml:1.1.1"/><taxii_11:Content>
 <stix:STIX_Package ${NAMESPACES} id="example:Package-ttps" version="1.1.1">${HEADER}<stix:TTPs>${ttps.join('\n')}</stix:TTPs></stix:STIX_Package></taxii_11:Content></taxii_11:Content_Block>\n</taxii_11:Poll_Response>\n`,
      );
    },
  };
}
