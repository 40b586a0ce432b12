import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { judge, type Round } from '../../../store/elasticsearch/bulk-judgement.ts';
import { classifyItem } from '../../../store/elasticsearch/bulk-outcome.ts';

const answers = {
  created: classifyItem(201, undefined),
  conflict: classifyItem(409, undefined),
  parse: classifyItem(400, { type: 'mapper_parsing_exception', reason: 'no IP' }),
  strict: classifyItem(400, { type: 'strict_dynamic_mapping_exception', reason: 'no field' }),
  closed: classifyItem(400, { type: 'index_closed_exception', reason: 'closed' }),
  missing: classifyItem(404, { type: 'index_not_found_exception', reason: 'gone' }),
  busy: classifyItem(429, { type: 'es_rejected_execution_exception', reason: 'full' }),
} as const;
type Answer = keyof typeof answers;

function round(given: readonly Answer[], options: Partial<Round> = {}) {
  return judge({
    total: given.length,
    positions: given.map((_, at) => at),
    verdicts: given.map((answer) => answers[answer]),
    indexOf: () => 'day',
    canDetour: () => false,
    ...options,
  });
}

const times = (count: number, answer: Answer): Answer[] => Array(count).fill(answer);

describe('a round of a bulk as a whole', () => {
  it('accounts for every document, settled or sent again, once', () => {
    const anyAnswers = fc.array(fc.constantFrom(...(Object.keys(answers) as Answer[])), { maxLength: 200 });
    fc.assert(
      fc.property(anyAnswers, fc.func(fc.boolean()), (given, canDetour) => {
        const { settled, again, detour, trouble } = round(given, { canDetour: (position) => canDetour(position) });
        const seen = [...settled.map(([position]) => position), ...again].sort((a, b) => a - b);
        assert.deepEqual(
          seen,
          given.map((_, at) => at),
        );
        assert.equal(trouble === undefined, again.length === 0);
        assert.ok(detour.every((position) => again.includes(position) && given[position] === 'closed'));
        for (const [position, outcome] of settled) {
          assert.ok(['created', 'conflict', 'parse', 'strict'].includes(given[position] ?? ''), outcome.kind);
        }
      }),
    );
  });

  it('holds back refusals for one reason above a fifth and twenty, whichever round they come in', () => {
    const held = (given: Answer[], total: number): number => round(given, { total }).again.length;
    assert.equal(held(times(20, 'parse'), 100), 0, 'a fifth exactly');
    assert.equal(held(times(21, 'parse'), 100), 21);
    assert.equal(held(times(19, 'parse'), 19), 0, 'too few to tell');
    assert.equal(held(times(20, 'parse'), 20), 20);
    assert.equal(held([...times(15, 'parse'), ...times(15, 'strict')], 30), 0, 'two reasons');
    assert.equal(held([...times(25, 'parse'), ...times(5, 'strict')], 100), 25, 'only the reason that many share');
  });

  it('says the gravest trouble', () => {
    const told = (...given: Answer[]): string | undefined => round(given).trouble?.kind;
    assert.equal(told('created', 'busy'), 'busy');
    assert.equal(told('busy', 'missing'), 'down');
    assert.equal(told('busy', 'closed'), 'down');
    assert.equal(told('created', 'parse'), undefined);
    assert.equal(round(['closed'], { canDetour: () => true }).trouble?.kind, 'detour');
    assert.equal(round(['closed', 'busy'], { canDetour: () => true }).trouble?.kind, 'busy');
  });

  it('tells whether anything got through', () => {
    assert.equal(round(['created', 'busy']).trouble?.progress, true);
    assert.equal(round(['busy']).trouble?.progress, false);
  });
});
