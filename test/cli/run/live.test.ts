import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it, mock } from 'node:test';
import { showLive } from '../../../cli/run/live.ts';
import type { Workers } from '../../../cli/run/workers.ts';
import { readSettings } from '../../../cli/settings.ts';

/** A display on a stream that is a terminal or not; `alerts` counts up at each look. */
function display(isTTY: boolean) {
  const out = Object.assign(new PassThrough(), { isTTY });
  let text = '';
  out.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  let alerts = 0;
  const workers = {
    failed: new Promise<never>(() => {}),
    alerting: { counts: () => ({ alerts: ++alerts, mails: 0 }) },
  } as unknown as Workers;
  const stop = showLive(readSettings(undefined, {}), workers, undefined, out as unknown as NodeJS.WriteStream);
  return { out, stop, blocks: () => text.match(/alerts \d+/g) ?? [] };
}

describe('the live display', () => {
  it('shows each second on a terminal, and each minute and at the end elsewhere', () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const terminal = display(true);
      const journal = display(false);
      mock.timers.tick(3_000);
      assert.deepEqual([terminal.blocks().length, journal.blocks().length], [3, 0]);
      mock.timers.tick(57_000);
      assert.equal(journal.blocks().length, 1);
      terminal.stop();
      journal.stop();
      assert.equal(journal.blocks().length, 2);
    } finally {
      mock.timers.reset();
    }
  });

  it('writes nothing more when its reader went away', () => {
    const { out, stop, blocks } = display(false);
    out.on('error', () => {});
    out.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    stop();
    assert.deepEqual(blocks(), []);
  });
});
