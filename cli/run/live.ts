import type { Health } from '../../core/process/health.ts';
import type { StatusServer } from '../../core/process/http.ts';
import { COMMAND } from '../paths.ts';
import type { Settings } from '../settings.ts';
import { printable } from '../table.ts';
import type { LogFile } from './log-file.ts';
import { createPace } from './pace.ts';
import { createScreen } from './screen.ts';
import { describe, summaryOf } from './summary.ts';
import type { Workers } from './workers.ts';

/** What runs in this process, as far as it is shown. */
export interface Running {
  workers: Workers;
  status: StatusServer | undefined;
  health: Health;
}

export interface Live {
  /** The workers run. */
  running(running: Running): void;
  /** They are told to end. */
  stopping(): void;
  /** The last word. */
  end(): void;
}

/** On a terminal, and where a journal keeps what is printed, ms. */
const EVERY = 1_000;
const EVERY_KEPT = 60_000;
/** After so long without anything it is worth a word, ms. */
const QUIET = 5_000;
const MOST_DOWN = 3;

const ENDS = 'Ctrl-C ends it: what is in hand is finished first and nothing is lost; a second one leaves at once.';

function headOf(settings: Settings, status: StatusServer | undefined, log: LogFile | undefined): string[] {
  const { config } = settings;
  return [
    `tipline runs with ${settings.example ? 'its example configuration' : settings.file}`,
    `bus ${config.bus.kind}, store ${config.store.kind}, data in ${settings.data}, responder ${config.responder.mode}`,
    ...(status === undefined ? [] : [`health and metrics: ${status.url}/readyz ${status.url}/metrics`]),
    ...(log === undefined ? [] : [`log: ${log.path}`]),
    ENDS,
    `In another terminal: ${COMMAND} status`,
  ];
}

/**
 * Shows on a terminal how the work goes: one picture, drawn anew each second in its own place, with what the log has to say below it. The log
 * itself goes to a file meanwhile, for two that write to one terminal leave ruins.
 */
export function showOnTerminal(
  settings: Settings,
  log: LogFile | undefined,
  out: NodeJS.WriteStream = process.stdout,
): Live {
  const began = Date.now();
  const screen = createScreen(out);
  const pace = createPace(began);
  let seen: Running | undefined;
  let phase = 'starting';
  const gone = whenGone(out);

  function picture(): string[] {
    const now = Date.now();
    const lines = [...headOf(settings, seen?.status, log), ''];
    if (seen === undefined) lines.push(`${phase} ${clockOf(now - began)}`);
    else {
      const { read, published, current } = summaryOf(seen.workers);
      pace.note(now, { read, published, current });
      const quiet = pace.quietFor(now);
      const rates = ['read', 'published', 'current'].map((name) => rateOf(pace.perSecond(name)));
      const doing =
        quiet >= QUIET
          ? `nothing new for ${clockOf(quiet)}`
          : `read ${rates[0]}/s   published ${rates[1]}/s   indexed ${rates[2]}/s`;
      const runs = phase === 'running';
      lines.push(`${phase} ${clockOf(now - began)}${runs ? `   ${doing}` : ''}`, ...describe(seen.workers).split('\n'));
      if (runs) lines.push(...downOf(seen.health));
    }
    const recent = log?.recent() ?? [];
    return recent.length === 0 ? lines : [...lines, '', ...recent];
  }

  const draw = (): void => {
    if (!gone()) screen.draw(picture());
  };
  draw();
  const timer = setInterval(draw, EVERY);
  return {
    running(running) {
      seen = running;
      phase = 'running';
      draw();
    },
    stopping() {
      phase = 'stopping';
      draw();
    },
    end() {
      clearInterval(timer);
      phase = 'ended after';
      draw();
    },
  };
}

/** Where nobody looks at a terminal: a block each minute when something changed, and one at the end. A reader that went away ends it. */
export function showInJournal(settings: Settings, out: NodeJS.WritableStream = process.stdout): Live {
  const gone = whenGone(out);
  let shown = '';
  let seen: Running | undefined;
  let timer: NodeJS.Timeout | undefined;
  const show = (): void => {
    const text = seen === undefined ? '' : describe(seen.workers);
    if (gone() || text === shown) return;
    out.write(`${text}\n\n`);
    shown = text;
  };
  return {
    running(running) {
      seen = running;
      out.write(`${headOf(settings, running.status, undefined).join('\n')}\n\n`);
      timer = setInterval(show, EVERY_KEPT);
    },
    stopping() {},
    end() {
      clearInterval(timer);
      show();
    },
  };
}

function whenGone(out: NodeJS.WritableStream): () => boolean {
  let gone = false;
  out.once('error', () => {
    gone = true;
  });
  return () => gone;
}

/** What is not up, and why. */
function downOf(health: Health): string[] {
  const down = [...health.snapshot()].filter(([, { state }]) => state === 'down');
  if (down.length === 0) return [];
  const lines = down.slice(0, MOST_DOWN).map(([part, { detail }]) => `not well: ${part}: ${printable(detail, 300)}`);
  return ['', ...lines, ...(down.length > MOST_DOWN ? [`… and ${down.length - MOST_DOWN} more`] : [])];
}

/** `0:01:23` */
function clockOf(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}

function rateOf(perSecond: number): string {
  return perSecond >= 10 || perSecond === 0 ? Math.round(perSecond).toLocaleString('en') : perSecond.toFixed(1);
}
