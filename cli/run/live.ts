import type { StatusServer } from '../../core/process/http.ts';
import type { Settings } from '../settings.ts';
import { describe } from './summary.ts';
import type { Workers } from './workers.ts';

const EVERY = 1_000;

/**
 * Shows on a terminal how the work goes, rewriting its own lines; where output is no terminal, a block each time that something changed.
 * Returns how to stop.
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
    'Ctrl-C ends it. In another terminal: npm run -s tipline -- status',
  ];
  out.write(`${head.join('\n')}\n\n`);
  let shown = '';
  let lines = 0;
  const show = (): void => {
    const text = describe(workers);
    if (text === shown) return;
    if (out.isTTY && lines > 0) out.write(`\u001b[${lines}A\u001b[J`);
    out.write(`${text}\n\n`);
    shown = text;
    lines = text.split('\n').length + 1;
  };
  const timer = setInterval(show, EVERY);
  return () => {
    clearInterval(timer);
    show();
  };
}
