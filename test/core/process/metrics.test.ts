import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMetrics } from '../../../core/process/metrics.ts';

describe('metrics', () => {
  it('count, show and measure, with and without labels', async () => {
    const metrics = createMetrics();
    const read = metrics.counter('tipline_read_total', 'Records read', ['topic']);
    read(2, { topic: 'ioc.raw' });
    read(3, { topic: 'ioc.raw' });
    read(0, { topic: 'ioc.dlq' });
    metrics.counter('tipline_never_total', 'Never')(0);
    const lag = metrics.gauge('tipline_lag', 'Lag', ['group']);
    lag(5, { group: 'a' });
    lag(0, { group: 'a' });
    const took = metrics.duration('tipline_batch_seconds', 'Batch');
    took(0.03);
    took(500);
    const text = await metrics.render();
    for (const line of [
      '# HELP tipline_read_total Records read',
      '# TYPE tipline_read_total counter',
      'tipline_read_total{topic="ioc.raw"} 5',
      'tipline_never_total 0',
      'tipline_lag{group="a"} 0',
      'tipline_batch_seconds_bucket{le="0.02"} 0',
      'tipline_batch_seconds_bucket{le="0.05"} 1',
      'tipline_batch_seconds_bucket{le="+Inf"} 2',
      'tipline_batch_seconds_count 2',
    ])
      assert.ok(text.split('\n').includes(line), line);
    assert.doesNotMatch(text, /ioc\.dlq/);
  });

  it('ignore a count that is none, so that a mistake in one place does not stop a worker', async () => {
    const metrics = createMetrics();
    const count = metrics.counter('tipline_read_total', 'Records read');
    count(Number.NaN);
    count(-1);
    assert.match(await metrics.render(), /^tipline_read_total 0$/m);
  });

  it('are shared by all parts that ask for the same name', async () => {
    const metrics = createMetrics();
    metrics.counter('tipline_a_total', 'A')(1);
    metrics.counter('tipline_a_total', 'A')(1);
    metrics.gauge('tipline_b', 'B')(1);
    metrics.gauge('tipline_b', 'B')(7);
    metrics.duration('tipline_c_seconds', 'C')(1);
    metrics.duration('tipline_c_seconds', 'C')(1);
    const text = await metrics.render();
    assert.match(text, /^tipline_a_total 2$/m);
    assert.match(text, /^tipline_b 7$/m);
    assert.match(text, /^tipline_c_seconds_count 2$/m);
    assert.throws(() => metrics.gauge('tipline_a_total', 'A'), /already been registered/);
  });

  it('of two processes in one do not mix', async () => {
    const [one, two] = [createMetrics(), createMetrics()];
    one.counter('tipline_a_total', 'A')(1);
    assert.doesNotMatch(await two.render(), /tipline_a_total/);
  });

  it('tell of the process itself when asked to', async () => {
    assert.match(await createMetrics({ processMetrics: true }).render(), /^process_resident_memory_bytes \d+$/m);
    assert.doesNotMatch(await createMetrics().render(), /process_resident_memory_bytes/);
  });

  it('escape label values', async () => {
    const metrics = createMetrics();
    metrics.counter('tipline_a_total', 'A', ['feed'])(1, { feed: 'a"\n} evil 1' });
    assert.match(await metrics.render(), /^tipline_a_total\{feed="a\\"\\n\} evil 1"\} 1$/m);
  });
});
