import type { StatusServer } from '../../core/process/http.ts';
import { COMMAND } from '../paths.ts';
import type { Settings } from '../settings.ts';
import { describe } from './summary.ts';
import type { Workers } from './workers.ts';

/** On a terminal, and where a journal keeps what is printed, ms. */
const EVERY = 1_000;
const EVERY_KEPT = 60_000;

/**
 * Shows how the work goes when something changed: on a terminal each second, rewriting its own lines; elsewhere a block each minute, and
 * one at the end. Returns how to stop. A reader that went away ends it.
 */
export function showLive(
  settings: Settings,
  workers: Workers,
  status: StatusServer | undefined,
  out: NodeJS.WriteStream = process.stdout,
): () => void {
  const { config } = settings;
  const head = [
    `tipline runs with ${settings.example ? 'its example configuration' : settings.file}`,
    `bus ${config.bus.kind}, store ${config.store.kind}, data in ${settings.data}, responder ${config.responder.mode}`,
    ...(status === undefined ? [] : [`health and metrics: ${status.url}/readyz ${status.url}/metrics`]),
    `Ctrl-C ends it. In another terminal: ${COMMAND} status`,
  ];
  let gone = false;
  out.once('error', () => {
    gone = true;
  });
  out.write(`${head.join('\n')}\n\n`);
  let shown = '';
  let lines = 0;
  const show = (): void => {
    const text = describe(workers);
    if (gone || text === shown) return;
    if (out.isTTY && lines > 0) out.write(`\u001b[${lines}A\u001b[J`);
    out.write(`${text}\n\n`);
    shown = text;
    lines = text.split('\n').length + 1;
  };
  const timer = setInterval(show, out.isTTY ? EVERY : EVERY_KEPT);
  return () => {
    clearInterval(timer);
    show();
  };
}
