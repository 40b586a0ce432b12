import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Writable } from 'node:stream';
import { printable } from '../table.ts';

/** Where the log goes while a terminal shows something else. */
export interface LogFile {
  readonly path: string;
  /** For `createLog`. */
  readonly stream: Writable;
  /** The last lines from `warn` upwards, short, for people. */
  recent(): readonly string[];
}

const MOST_BYTES = 8 * 1024 * 1024;
const MOST_RECENT = 5;

/** Appends to the file, and begins anew when it is large; the one before stays beside it. A full disk costs log lines and nothing else. */
export function openLogFile(path: string): LogFile {
  const recent: string[] = [];
  let size = sizeOf(path);

  function keep(line: string): void {
    try {
      if (size === undefined) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      if ((size ?? 0) > MOST_BYTES) {
        renameSync(path, `${path}.1`);
        size = 0;
      }
      appendFileSync(path, line, { mode: 0o600 });
      size = (size ?? 0) + line.length;
    } catch {
      // what is worth it is shown below the summary all the same
    }
  }

  return {
    path,
    stream: new Writable({
      decodeStrings: false,
      write(chunk: string | Buffer, _encoding, done) {
        const text = String(chunk);
        keep(text);
        for (const line of text.split('\n')) {
          const told = shortly(line);
          if (told !== undefined) recent.push(told);
        }
        recent.splice(0, recent.length - MOST_RECENT);
        done();
      },
    }),
    recent: () => recent,
  };
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

/** `22:14:03 warn feed ipsum: the feed failed (…)`; undefined for what is not worth a line. */
function shortly(line: string): string | undefined {
  if (line === '') return undefined;
  let told: Record<string, unknown>;
  try {
    told = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return printable(line, 300);
  }
  if (told.level !== 'warn' && told.level !== 'error') return undefined;
  const { time, level, feed, msg, error, detail } = told;
  const why = typeof error === 'object' && error !== null && 'message' in error ? error.message : detail;
  const about = typeof feed === 'string' ? `feed ${feed}: ` : '';
  const reason = typeof why === 'string' && !String(msg).includes(why) ? ` (${why})` : '';
  return printable(`${String(time).slice(11, 19)} ${level} ${about}${String(msg)}${reason}`, 300);
}
