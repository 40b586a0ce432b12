import { createHash } from 'node:crypto';

/** An indicator of STIX 2.1 for an address, always the same for the same. */
export function stixIndicator(value: string): Readonly<Record<string, unknown>> {
  const digits = createHash('sha256').update(value).digest('hex');
  return {
    type: 'indicator',
    spec_version: '2.1',
    id: `indicator--${digits.slice(0, 8)}-${digits.slice(8, 12)}-4${digits.slice(13, 16)}-8${digits.slice(17, 20)}-${digits.slice(20, 32)}`,
    created: '2026-01-01T00:00:00.000Z',
    modified: '2026-01-01T00:00:00.000Z',
    valid_from: '2026-01-01T00:00:00Z',
    pattern_type: 'stix',
    pattern: `[ipv4-addr:value = '${value}']`,
    labels: ['malicious-activity'],
  };
}

/** A package of STIX 1.2 with one address. */
export function stixPackage(value: string): string {
  const id = value.replaceAll('.', '-');
  return `<stix:STIX_Package xmlns:stix="http://stix.mitre.org/stix-1" xmlns:indicator="http://stix.mitre.org/Indicator-2"
 xmlns:cybox="http://cybox.mitre.org/cybox-2" xmlns:AddressObj="http://cybox.mitre.org/objects#AddressObject-2"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:example="http://example.org/" id="example:package-${id}" version="1.2">
 <stix:Indicators><stix:Indicator xsi:type="indicator:IndicatorType" id="example:indicator-${id}" timestamp="2026-01-01T00:00:00Z">
  <indicator:Observable id="example:observable-${id}"><cybox:Object><cybox:Properties xsi:type="AddressObj:AddressObjectType" category="ipv4-addr">
   <AddressObj:Address_Value condition="Equals">${value}</AddressObj:Address_Value>
  </cybox:Properties></cybox:Object></indicator:Observable>
 </stix:Indicator></stix:Indicators>
</stix:STIX_Package>`;
}
