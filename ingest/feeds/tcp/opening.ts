/** What a client turns out to be that has nothing to say here, by the first bytes it sends. */
export type Stranger = 'http' | 'tls' | 'binary';

/** Looked at most; what a stranger is shows in its first bytes. */
export const OPENING_BYTES = 512;

const LF = 0x0a;
/** ContentType handshake (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16;
/** Told without the rest of the line; others by what a request line ends with. */
const METHOD = /^(?:GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) /;
const REQUEST_LINE = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ \S+ HTTP\/\d/;

/**
 * Judges the first bytes of a client; `more`: too few to tell. A web page that is made to send its request here (RFC 9112, section 3) must
 * not have its body read as indicators, and none of its lines is worth a dead letter.
 */
export function judgeOpening(head: Buffer): 'fine' | 'more' | Stranger {
  const { line, isWhole } = firstLine(head);
  if (line.length === 0) return head.length < OPENING_BYTES ? 'more' : 'binary';
  if (line[0] === TLS_HANDSHAKE) return 'tls';
  for (const byte of line) if (isBinary(byte)) return 'binary';
  const text = line.toString('latin1');
  if (METHOD.test(text) || REQUEST_LINE.test(text)) return 'http';
  // it may still become a request line
  return !isWhole && /^[A-Za-z-]+(?: \S*(?: [HTP/]*)?)?$/.test(text) ? 'more' : 'fine';
}

/** The first line that is not empty, or what there is of it; `isWhole`: no more of it counts. */
function firstLine(head: Buffer): { line: Buffer; isWhole: boolean } {
  let from = 0;
  while (from < head.length && (head[from] === LF || head[from] === 0x0d || head[from] === 0x20)) from += 1;
  const end = head.indexOf(LF, from);
  const most = Math.max(from, OPENING_BYTES);
  return {
    line: head.subarray(from, Math.min(end === -1 ? head.length : end, most)),
    isWhole: end !== -1 || head.length >= most,
  };
}

/** Bytes that stand in no text of UTF-8, tab and carriage return aside. */
function isBinary(byte: number): boolean {
  const control = byte < 0x20 && byte !== 0x09 && byte !== 0x0d;
  return control || byte === 0x7f || byte === 0xc0 || byte === 0xc1 || byte > 0xf4;
}
