import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, it, mock } from 'node:test';
import { showInJournal, showOnTerminal } from '../../../cli/run/live.ts';
import { openLogFile } from '../../../cli/run/log-file.ts';
import type { Workers } from '../../../cli/run/workers.ts';
import { readSettings } from '../../../cli/settings.ts';
import { createHealth } from '../../../core/process/health.ts';
import { createLog } from '../../../core/process/log.ts';

const settings = readSettings(undefined, {});

/** A stream that is looked at, and workers whose alerts count up at each look. */
function stage() {
  const out = Object.assign(new PassThrough(), { isTTY: true, columns: 80, rows: 30 });
  let text = '';
  out.on('data', (piece: Buffer) => {
    text += piece.toString();
  });
  const counts = { alerts: 0, read: 0 };
  const workers = {
    failed: new Promise<never>(() => {}),
    alerting: { counts: () => ({ alerts: ++counts.alerts, mails: 0 }) },
    ingest: { progress: () => ({ read: counts.read, published: 0, perFeed: {}, failedFeeds: [] }) },
  } as unknown as Workers;
  const health = createHealth();
  return {
    out,
    stream: out as unknown as NodeJS.WriteStream,
    counts,
    health,
    running: { workers, status: undefined, health },
    written: () => text,
    blocks: () => text.match(/alerts \d+/g) ?? [],
    screen: () => shownBy(text, out.columns, out.rows),
  };
}

/** The lines of a terminal of that width that was given this text: it knows what tipline uses. */
function shownBy(text: string, columns: number, rows: number): string[] {
  const lines: string[] = [''];
  let row = 0;
  let column = 0;
  for (const [, code, control, plain] of text.matchAll(/\u001b\[(\d*)([AKJ])|([^\u001b])/gsu)) {
    if (plain === '\n') {
      row += 1;
      column = 0;
      lines[row] ??= '';
    } else if (plain === '\r') column = 0;
    else if (plain !== undefined) {
      assert.ok(column < columns, 'nothing wraps');
      lines[row] =
        `${(lines[row] ?? '').slice(0, column).padEnd(column)}${plain}${(lines[row] ?? '').slice(column + 1)}`;
      column += 1;
    } else if (control === 'A') {
      assert.ok(row - Number(code) >= lines.length - rows, 'nobody can go up beyond the window');
      row -= Number(code);
    } else if (control === 'K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (control === 'J') {
      lines.length = row + 1;
      lines[row] = (lines[row] ?? '').slice(0, column);
    }
  }
  return lines;
}

describe('the live display', () => {
  it('on a terminal is one picture that is drawn anew each second', () => {
    mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.UTC(2026, 5, 1) });
    try {
      const { stream, running, screen, counts, health } = stage();
      const live = showOnTerminal(settings, undefined, stream);
      assert.match(screen().join('\n'), /^starting 0:00:00$/m);
      live.running(running);
      for (let second = 0; second < 4; second += 1) {
        counts.read += 500;
        mock.timers.tick(1_000);
      }
      const text = screen().join('\n');
      assert.equal(text.match(/alerts \d/g)?.length, 1, text);
      assert.match(text, /^running 0:00:04 {3}read 500\/s {3}published 0\/s/m);
      assert.match(text, /^read 2,000 /m);
      assert.match(text, /^Ctrl-C ends it: what is in hand is finished first/m);
      mock.timers.tick(30_000);
      assert.match(screen().join('\n'), /^running 0:00:34 {3}nothing new for 0:00:30$/m);
      health.report('feed:dir', 'down', `cannot look into ${'/long'.repeat(40)}`);
      mock.timers.tick(1_000);
      assert.match(screen().join('\n'), /^not well: feed:dir: cannot look into/m);
      live.stopping();
      live.end();
      assert.match(screen().join('\n'), /^ended after 0:00:35/m);
      assert.equal(screen().filter((line) => /tipline runs with/.test(line)).length, 1);
    } finally {
      mock.timers.reset();
    }
  });

  it('leaves no old lines in a small window', () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const { out, stream, running, screen } = stage();
      Object.assign(out, { columns: 40, rows: 6 });
      const live = showOnTerminal(settings, undefined, stream);
      live.running(running);
      mock.timers.tick(5_000);
      live.end();
      assert.equal(screen().length, 6, screen().join('\n'));
    } finally {
      mock.timers.reset();
    }
  });

  it('elsewhere is a block each minute, and one at the end', () => {
    mock.timers.enable({ apis: ['setInterval'] });
    try {
      const { stream, running, blocks, written } = stage();
      const live = showInJournal(settings, stream);
      live.running(running);
      mock.timers.tick(59_000);
      assert.equal(blocks().length, 0);
      mock.timers.tick(1_000);
      assert.equal(blocks().length, 1);
      live.stopping();
      live.end();
      assert.equal(blocks().length, 2);
      assert.doesNotMatch(written(), /\u001b/);
    } finally {
      mock.timers.reset();
    }
  });

  it('writes nothing more when its reader went away', () => {
    const { out, stream, running, blocks } = stage();
    const live = showInJournal(settings, stream);
    live.running(running);
    out.on('error', () => {});
    out.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    live.end();
    assert.deepEqual(blocks(), []);
  });
});

describe('the log beside it', () => {
  it('goes to a file whole, and what matters below the picture', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'tipline-log-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const file = openLogFile(join(folder, 'data', 'tipline.log'));
    const log = createLog('info', file.stream);
    log.info({}, 'all is well');
    log.warn({ feed: 'ipsum', error: new Error('no\u001b[2J answer') }, 'the feed failed');
    for (let n = 0; n < 9; n += 1) log.error({}, `error ${n}`);
    const lines = readFileSync(file.path, 'utf8').trim().split('\n');
    assert.equal(lines.length, 11);
    assert.ok(lines.every((line) => JSON.parse(line).time !== undefined));
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.deepEqual(
      file.recent().map((line) => line.slice(9)),
      ['error error 4', 'error error 5', 'error error 6', 'error error 7', 'error error 8'],
    );
    const other = openLogFile(join(folder, 'other.log'));
    createLog('info', other.stream).warn({ feed: 'ipsum', error: new Error('no\u001b[2J answer') }, 'the feed failed');
    assert.match(other.recent()[0] ?? '', /^\d\d:\d\d:\d\d warn feed ipsum: the feed failed \(no \[2J answer\)$/);
  });
});
