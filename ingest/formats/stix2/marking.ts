import { type Fields, isFields } from '../../../core/contract/fields.ts';
import { parseTlp, strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { textIn } from '../fields.ts';
import type { Known } from './draft.ts';

/** Marking definitions that the specifications fix (TLP 1 and TLP 2); producers need not send them. */
const FIXED: ReadonlyMap<string, Tlp> = new Map([
  ['613f2e26-407d-48c7-9eca-b8e91df99dc9', 'CLEAR'],
  ['34098fce-860f-48ae-8e50-ebd3cc5e41da', 'GREEN'],
  ['f88d31f6-486f-44da-b317-01333bde0b82', 'AMBER'],
  ['5e57c739-391a-4eb3-b6be-7d15ca92d5ed', 'RED'],
  ['94868c89-83c2-464b-929b-a1a8aa3c8487', 'CLEAR'],
  ['bab4a63c-aed9-4cf5-a766-dfca5abac2bb', 'GREEN'],
  ['55d920b0-5e8b-4f79-9ee9-91f868d9b421', 'AMBER'],
  ['939a9414-2ddd-4d32-a0cd-375ea402b003', 'AMBER+STRICT'],
  ['e828b379-4e03-4974-9ac4-e53a884c97c1', 'RED'],
]);
const PREFIX = 'marking-definition--';
const TEXT_LENGTH = 200;

export function fixedTlp(id: string): Tlp | undefined {
  return id.startsWith(PREFIX) ? FIXED.get(id.slice(PREFIX.length).toLowerCase()) : undefined;
}

/**
 * A marking definition: TLP 1 (`definition.tlp`), TLP 2 (an extension with `tlp_2_0`), a name or statement that is a TLP word, as OpenCTI
 * and others write it under ids of their own; else its text.
 */
export function markingOf(object: Fields): Known {
  const definition = isFields(object.definition) ? object.definition : {};
  const extensions = isFields(object.extensions) ? Object.values(object.extensions).slice(0, 20) : [];
  const told = [
    textIn(definition, 'tlp', 'TLP'),
    ...extensions.map((each) => (isFields(each) ? textIn(each, 'tlp_2_0') : undefined)),
  ];
  const names = [
    textIn(definition, 'statement'),
    textIn(object, 'name'),
    textIn(object, 'x_opencti_definition'),
    textIn(object, 'definition'),
  ].filter((name) => name !== undefined);
  const levels = [...told.flatMap((word) => word ?? []), ...names.filter((name) => /^tlp[:_ -]/i.test(name))];
  const tlp = levels.map(parseTlp).reduce(strictestTlp, undefined);
  if (tlp !== undefined) return { what: 'marking', tlp };
  const text = names[0] ?? textIn(object, 'definition_type');
  return text === undefined ? { what: 'marking' } : { what: 'marking', text: text.slice(0, TEXT_LENGTH) };
}
