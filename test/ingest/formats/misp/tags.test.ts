import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinTags, readTags } from '../../../../ingest/formats/misp/tags.ts';

const tags = (...names: unknown[]): unknown[] => names.map((name) => ({ id: '1', name, colour: '#fff' }));

describe('tags of MISP', () => {
  it('tell the TLP, the strictest of several', () => {
    assert.deepEqual(readTags(tags('tlp:white')), { tlp: 'CLEAR' });
    assert.deepEqual(readTags(tags('TLP:GREEN', 'tlp:amber+strict', 'tlp:amber')), { tlp: 'AMBER+STRICT' });
    assert.deepEqual(readTags(tags('tlp:ex:chr', 'tlpish')), { tags: ['tlp:ex:chr', 'tlpish'] });
  });

  it('tell how sure it is, the most exact scale first', () => {
    const confidence = (...names: string[]): number | undefined => readTags(tags(...names)).confidence;
    assert.equal(confidence('misp:confidence-level="usually-confident"'), 75);
    assert.equal(confidence('misp:confidence-level="unconfident"'), 0);
    assert.equal(confidence('misp:confidence-level="confidence-cannot-be-evaluated"'), undefined);
    assert.equal(
      confidence('admiralty-scale:source-reliability="a"', 'admiralty-scale:information-credibility="4"'),
      25,
    );
    assert.equal(
      confidence('admiralty-scale:source-reliability="f"', 'admiralty-scale:information-credibility="2"'),
      75,
    );
    assert.equal(confidence('estimative-language:likelihood-probability="very-likely"'), 88);
    assert.equal(
      confidence('admiralty-scale:source-reliability="e"', 'misp:confidence-level="completely-confident"'),
      100,
    );
    assert.equal(confidence('admiralty-scale:source-reliability="toString"'), undefined);
  });

  it('name malware and actors', () => {
    assert.deepEqual(
      readTags(
        tags(
          'misp-galaxy:malpedia="Emotet"',
          'misp-galaxy:mitre-malware="Mozi - S0999"',
          'misp-galaxy:threat-actor="Example Bear"',
          'misp-galaxy:mitre-attack-pattern="Phishing - T1566"',
          'type:OSINT',
          'osint:lifetime="perpetual"',
        ),
      ),
      {
        tags: [
          'type:OSINT',
          'osint:lifetime="perpetual"',
          'misp-galaxy:threat-actor="Example Bear"',
          'misp-galaxy:mitre-attack-pattern="Phishing - T1566"',
        ],
        malware: ['Emotet', 'Mozi'],
        actors: ['Example Bear'],
      },
    );
  });

  it('are taken in every shape and from whatever else stands there', () => {
    assert.deepEqual(readTags([{ Tag: { name: 'a' } }, 'b', { name: 5 }, null, { name: '' }, { name: {} }, 7]), {
      tags: ['a', 'b', '5', '7'],
    });
    assert.deepEqual(readTags({ 3: { name: 'a' } }), { tags: ['a'] });
    for (const nothing of [undefined, null, 'x', 3, []]) assert.deepEqual(readTags(nothing), {});
    assert.equal(readTags(tags(...Array.from({ length: 5000 }, (_, n) => `tag ${n}`))).tags?.length, 64);
  });

  it('of an attribute and its event are joined', () => {
    const own = readTags(tags('tlp:green', 'b', 'misp:confidence-level="fairly-confident"'));
    const event = readTags(tags('tlp:amber', 'a', 'b', 'misp:confidence-level="completely-confident"'));
    assert.deepEqual(joinTags(own, event), { tags: ['b', 'a'], tlp: 'AMBER', confidence: 50 });
    assert.deepEqual(joinTags(readTags([]), event), event);
    assert.deepEqual(joinTags(own, readTags([])), own);
  });
});
