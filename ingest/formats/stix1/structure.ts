import { attribute, type Element } from './element.ts';
import { isTrue } from './leaves.ts';

/** The elements that are understood when they end, and then let go. */
export type UnitKind = 'Observable' | 'Indicator' | 'TTP' | 'Header';

/** Text in which only people read. */
const PROSE: ReadonlySet<string> = new Set([
  'Title',
  'Description',
  'Short_Description',
  'Reference',
  'Controlled_Structure',
]);
export const LONGEST_PROSE = 4096;
/** Elements whose insides are passed over: samples, mails, rules, and what programs are made of. */
const OPAQUE: ReadonlySet<string> = new Set([
  'Byte_Runs',
  'Digital_Signatures',
  'Exports',
  'Extracted_Features',
  'Imports',
  'Message_Body',
  'Raw_Artifact',
  'Raw_Body',
  'Raw_Header',
  'Sections',
  'Test_Mechanism',
]);

export function isProse(name: string): boolean {
  return PROSE.has(name);
}

export function isOpaque(name: string): boolean {
  return OPAQUE.has(name);
}

/** `container`: the element around it, when that is in no unit. */
export function kindOf(name: string, container: string | undefined): UnitKind | undefined {
  switch (name) {
    case 'Observable':
    case 'Indicator':
    case 'TTP':
      return name;
    case 'STIX_Header':
      return container === undefined ? undefined : 'Header';
    case 'Header':
      return container === 'Report' ? 'Header' : undefined;
    default:
      return undefined;
  }
}

/** Whether the parent will look at the element itself, rather than at the parts it came to. */
export function isKept(kind: UnitKind | undefined, parent: Element): boolean {
  switch (kind) {
    case 'Observable':
      return false;
    case 'Indicator':
      return parent.name === 'Related_Indicator';
    case 'TTP':
      return parent.name === 'Indicated_TTP';
    default:
      return true;
  }
}

/** Whether what a unit comes to is part of what its parent says. */
export function takesParts(kind: UnitKind, parent: Element): boolean {
  if (kind === 'Indicator') return parent.name === 'Composite_Indicator_Expression';
  if (kind !== 'Observable') return false;
  const { name } = parent;
  return name === 'Indicator' || name === 'Observable_Composition' || name === 'Observable_Characterization';
}

/** Whether an element takes from the indicators inside it what each would say by itself. */
export function takesAlone(around: Element): boolean {
  if (around.name === 'Indicator') return isTrue(around, 'negate');
  return around.name === 'Composite_Indicator_Expression' && attribute(around, 'operator')?.toUpperCase() === 'AND';
}
