/**
 * What the elements of STIX 1 and CybOX 2 are called in the JSON of python-stix and python-cybox: `ip_address` for IP_Address, `hashes` for
 * Hashes with a Hash for each member. The schema's names in small letters, but where there may be several of one kind: then the plural, which
 * may stand for an element around them or not.
 */
const SPELLED: ReadonlyMap<string, string> = new Map([
  ...['DNS', 'HTTP', 'ID', 'IP', 'QName', 'STIX', 'TTP', 'TTPs'].map((part) => [part.toLowerCase(), part] as const),
  ['malware_instances', 'Malware'],
  ['tlp_marking', 'TLPMarking'],
  ['tlpmarking', 'TLPMarking'],
]);
/** Members that have no element around them. */
const BARE: ReadonlyMap<string, string> = new Map([
  ['descriptions', 'Description'],
  ['indicated_ttps', 'Indicated_TTP'],
  ['indicator_types', 'Type'],
  ['marking_structures', 'Marking_Structure'],
  ['names', 'Name'],
  ['short_descriptions', 'Short_Description'],
  ['types', 'Type'],
  ['valid_time_positions', 'Valid_Time_Position'],
  ['victims', 'Victim'],
]);
/** Members whose name is not that of the element around them without its plural. */
const MEMBERS: ReadonlyMap<string, string> = new Map([
  ['Attachments', 'File'],
  ['Handling', 'Marking'],
  ['Hashes', 'Hash'],
  ['Malware', 'Malware_Instance'],
  ['Network_Connection_List', 'Network_Connection'],
]);
/** Elements that are themselves what is around observables and indicators. */
const HOLDERS: ReadonlySet<string> = new Set([
  'Composite_Indicator_Expression',
  'Observable_Characterization',
  'Observable_Composition',
  'Structured_Description',
  'Targeted_Technical_Details',
]);

/** The element that a field stands for. */
export function elementName(field: string): string {
  return SPELLED.get(field) ?? field.split('_').map(spelled).join('_');
}

function spelled(part: string): string {
  return SPELLED.get(part) ?? part.charAt(0).toUpperCase() + part.slice(1);
}

/** Whether a field in this form is made for several. */
export function isPlural(field: string): boolean {
  return BARE.has(field) || memberOf(elementName(field)) !== undefined;
}

/** The element that each member of a list stands for, and the one around them when that is not the one that holds the field. */
export function memberNames(field: string, holder: string): { around: string | undefined; member: string } {
  const name = elementName(field);
  const member = BARE.get(field) ?? memberOf(name);
  if (member === undefined) return { around: undefined, member: name };
  if (BARE.has(field) || holder === name || HOLDERS.has(holder)) return { around: undefined, member };
  // the `indicators` of `related_indicators` are each a Related_Indicator
  if (holder.endsWith(`_${name}`)) return { around: undefined, member: memberOf(holder) ?? member };
  return { around: name, member };
}

function memberOf(name: string): string | undefined {
  return MEMBERS.get(name) ?? (name.endsWith('s') ? name.slice(0, -1) : undefined);
}
