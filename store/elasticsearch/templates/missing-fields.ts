import type { Field, Fields } from './fields.ts';

/**
 * The fields of `wanted` that an index does not have yet, so that an upgrade can add them to indices that exist. What
 * is there stays as it is, even with another type: the type of a field cannot be changed, and a server that learned
 * `wildcard` since still has its `keyword`.
 */
export function missingFields(wanted: Fields, present: Fields): Fields {
  const missing: Fields = {};
  for (const [name, field] of Object.entries(wanted)) {
    const there = present[name];
    if (there === undefined) {
      missing[name] = field;
      continue;
    }
    const below = propertiesOf(field);
    const belowThere = propertiesOf(there);
    if (below === undefined || belowThere === undefined) continue;
    const deeper = missingFields(below, belowThere);
    if (Object.keys(deeper).length > 0) missing[name] = { properties: deeper };
  }
  return missing;
}

function propertiesOf(field: Field): Fields | undefined {
  return 'properties' in field ? field.properties : undefined;
}
