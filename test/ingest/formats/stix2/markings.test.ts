import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Tlp } from '../../../../core/contract/tlp.ts';
import { indicates, indicator, object, read, readOne, type StixObject, uuid } from './bundle.ts';

const CLEAR = 'marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9';
const GREEN = 'marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb';
const AMBER = 'marking-definition--f88d31f6-486f-44da-b317-01333bde0b82';
const STRICT = 'marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003';
const RED = 'marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed';

async function tlpUnder(refs: readonly string[], ...definitions: readonly StixObject[]): Promise<Tlp | undefined> {
  return (await readOne(...definitions, indicator({ object_marking_refs: refs }))).tlp;
}

describe('STIX 2 markings', () => {
  it('of TLP 1 and TLP 2 are known by their ids', async () => {
    assert.equal(await tlpUnder([CLEAR]), 'CLEAR');
    assert.equal(await tlpUnder([GREEN]), 'GREEN');
    assert.equal(await tlpUnder([AMBER]), 'AMBER');
    assert.equal(await tlpUnder([STRICT]), 'AMBER+STRICT');
    assert.equal(await tlpUnder([RED]), 'RED');
  });

  it('bind as the strictest of several', async () => {
    assert.equal(await tlpUnder([GREEN, STRICT, CLEAR, AMBER]), 'AMBER+STRICT');
  });

  it('are read from definitions under ids of their own, in all spellings', async () => {
    for (const [fields, tlp] of [
      [{ definition_type: 'tlp', definition: { tlp: 'amber' } }, 'AMBER'],
      [{ extensions: { 'extension-definition--1': { tlp_2_0: 'amber+strict' } } }, 'AMBER+STRICT'],
      [{ name: 'TLP:RED' }, 'RED'],
      [{ definition_type: 'statement', definition: { statement: 'TLP:GREEN' } }, 'GREEN'],
      [{ definition_type: 'TLP', x_opencti_definition: 'TLP:AMBER+STRICT' }, 'AMBER+STRICT'],
    ] as const) {
      const definition = object('marking-definition', 1, fields);
      assert.equal(await tlpUnder([uuid('marking-definition', 1)], definition), tlp, JSON.stringify(fields));
    }
  });

  it('cannot be weakened by a definition under an id that the specification has fixed', async () => {
    const weaker = { type: 'marking-definition', id: RED, definition_type: 'tlp', definition: { tlp: 'white' } };
    assert.equal(await tlpUnder([RED], weaker), 'RED');
  });

  it('that are statements stand in the context', async () => {
    const statement = object('marking-definition', 1, {
      definition_type: 'statement',
      definition: { statement: 'Copyright Example Desk' },
    });
    const record = await readOne(indicator({ object_marking_refs: [statement.id, GREEN] }), statement);
    assert.equal(record.tlp, 'GREEN');
    assert.equal(record.context?.marking, 'Copyright Example Desk');
  });

  it('of single fields bind the record, and are told', async () => {
    const granular_markings = [{ marking_ref: RED, selectors: ['description'] }];
    const record = await readOne(indicator({ object_marking_refs: [GREEN], granular_markings }));
    assert.equal(record.tlp, 'RED');
    assert.equal(record.context?.granular_markings, `description: ${RED}`);
  });

  it('of what a record also carries bind it too', async () => {
    const malware = object('malware', 1, { name: 'Botty', object_marking_refs: [AMBER] });
    const relation = indicates(malware, { object_marking_refs: [STRICT] });
    assert.equal((await readOne(indicator(), malware, indicates(malware))).tlp, 'AMBER');
    assert.equal((await readOne(indicator(), malware, relation)).tlp, 'AMBER+STRICT');
  });

  it('keep back the name of a producer rather than the whole indicator', async () => {
    const identity = object('identity', 1, { name: 'Example Desk', object_marking_refs: [AMBER] });
    const by = { created_by_ref: identity.id };
    const green = await readOne(identity, indicator({ ...by, object_marking_refs: [GREEN] }));
    assert.equal(green.tlp, 'GREEN');
    assert.equal(green.context?.producer, undefined);
    const red = await readOne(identity, indicator({ ...by, object_marking_refs: [RED] }));
    assert.equal(red.context?.producer, 'Example Desk');
  });

  it('that nobody defines are named, for the record and for the operator', async () => {
    const id = uuid('marking-definition', 9);
    const { records, report } = await read([indicator({ object_marking_refs: [id] })]);
    assert.equal(records[0]?.context?.unknown_marking, id);
    assert.equal(records[0]?.tlp, undefined);
    assert.match(report.notes.join(), /1 objects bear a marking whose definition was not read/);
  });
});
