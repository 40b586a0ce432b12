import type { Socket } from 'node:net';
import { type ForeignRecord, Unreadable } from '../../feed.ts';
import type { JsonPieces } from '../../formats/json-pieces.ts';
import type { LineSplitter } from '../../formats/lines.ts';
import { withoutBom } from '../../formats/text.ts';
import { PAGE_RECORDS } from '../../pages.ts';
import { judgeOpening, OPENING_BYTES, type Stranger } from './opening.ts';

/** Why a client was cut off. `token`: its first line was not the token; `slow`: a line took too long, or none came. */
export type CutOff = Stranger | 'token' | 'slow';

export interface ClientOptions {
  lines: LineSplitter;
  pieces: JsonPieces;
  /** Milliseconds within which a line that was begun, and the first one of all, must be whole. */
  lineTimeout: number;
  /** Milliseconds without a whole line. */
  idle: number;
  /** Tells whether the first line lets the client in; absent: no token is asked for. */
  isToken?: (line: string) => boolean;
  /** Whether a record is what clients come here for. */
  isUseful(record: ForeignRecord): boolean;
  /** The client has shown the token, or said something of use. */
  earned(): void;
  tooLong(count: number): void;
  /** Resolves when there is room for more. */
  add(records: readonly (ForeignRecord | Unreadable)[]): Promise<void>;
}

/**
 * Reads one client until it ends. Not reading is all the back-pressure there is: the kernel's window fills, and the client waits.
 * Resolves with why it was cut off, if it was. Whole records keep it from being cut off, bytes that trickle do not; its place it earns by a
 * record that is useful, for empty objects cost whoever sends them nothing.
 */
export async function readClient(socket: Socket, options: ClientOptions): Promise<CutOff | undefined> {
  const { lines, pieces, isToken } = options;
  const watch = watchProgress(socket, options);
  let records: (ForeignRecord | Unreadable)[] = [];
  let tooLong = 0;

  async function handOver(): Promise<void> {
    const passed = lines.tooLong + pieces.tooLong;
    if (passed > tooLong) options.tooLong(passed - tooLong);
    tooLong = passed;
    if (records.length === 0) return;
    const taken = records;
    records = [];
    const whole = taken.filter((record): record is ForeignRecord => !(record instanceof Unreadable));
    if (whole.some(options.isUseful)) options.earned();
    watch.hold();
    await options.add(taken);
    watch.goOn(whole.length > 0);
  }

  async function take(line: Buffer): Promise<void> {
    for (const record of pieces.take(line)) {
      records.push(record);
      if (records.length >= PAGE_RECORDS) await handOver();
    }
  }

  async function read(chunk: Buffer): Promise<void> {
    const whole: Buffer[] = [];
    lines.push(chunk, (line) => whole.push(line));
    for (const line of whole) await take(line);
    await handOver();
    if (pieces.open || lines.pending) watch.begun();
  }

  /** What is there before it is known who the client is. */
  let head: Buffer | undefined = Buffer.alloc(0);
  try {
    for await (const chunk of socket) {
      if (head === undefined) {
        await read(chunk as Buffer);
        continue;
      }
      head = Buffer.concat([head, chunk as Buffer]);
      const opening = openingOf(head, isToken);
      if (opening.kind === 'more') continue;
      if (opening.kind === 'refused') return opening.reason;
      head = undefined;
      if (isToken !== undefined) options.earned();
      await read(opening.rest);
    }
    if (watch.late) return 'slow';
    // the client closed in good order, so what it wrote last is a whole line
    if (head !== undefined && isToken !== undefined) return head.length === 0 ? undefined : 'token';
    if (head !== undefined) lines.push(head, () => {});
    await take(Buffer.from(lines.rest()));
    for (const record of pieces.end()) records.push(record);
    await handOver();
    return undefined;
  } catch (error) {
    if (watch.late) return 'slow';
    throw error;
  } finally {
    watch.end();
  }
}

type Opening = { kind: 'more' } | { kind: 'refused'; reason: CutOff } | { kind: 'open'; rest: Buffer };

const LF = 0x0a;

function openingOf(head: Buffer, isToken: ClientOptions['isToken']): Opening {
  const verdict = judgeOpening(withoutBom(head));
  if (verdict === 'more') return { kind: 'more' };
  if (verdict !== 'fine') return { kind: 'refused', reason: verdict };
  const rest = withoutBom(head);
  if (isToken === undefined) return { kind: 'open', rest };
  const end = rest.indexOf(LF);
  if (end === -1 && rest.length <= OPENING_BYTES) return { kind: 'more' };
  const known = end !== -1 && isToken(rest.toString('utf8', 0, Math.min(end, OPENING_BYTES)).trim());
  return known ? { kind: 'open', rest: rest.subarray(end + 1) } : { kind: 'refused', reason: 'token' };
}

/** Ends a client that makes no progress; time in which we do not read does not count. */
function watchProgress(socket: Socket, { lineTimeout, idle }: Pick<ClientOptions, 'lineTimeout' | 'idle'>) {
  const shorter = Math.min(lineTimeout, idle);
  let due = performance.now() + shorter;
  /** What `due` stands for: a line that must come to its end. */
  let begun = true;
  let heldSince: number | undefined;
  let late = false;
  const timer = setInterval(
    () => {
      if (heldSince !== undefined || performance.now() < due) return;
      late = true;
      socket.destroy();
    },
    Math.max(20, Math.min(1000, shorter / 4)),
  );
  return {
    get late() {
      return late;
    },
    /** We do not read until `goOn`. */
    hold() {
      heldSince = performance.now();
    },
    /** `progress`: a whole record was among what was taken over. */
    goOn(progress: boolean) {
      const now = performance.now();
      due = progress ? now + idle : due + now - (heldSince ?? now);
      if (progress) begun = false;
      heldSince = undefined;
    },
    /** A line is begun, by what came just now or before. */
    begun() {
      if (begun) return;
      begun = true;
      due = Math.min(due, performance.now() + lineTimeout);
    },
    end: () => clearInterval(timer),
  };
}
