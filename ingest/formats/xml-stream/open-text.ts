import { SaxesParser } from 'saxes';

/** Where saxes gathers what it has not told yet, and what it is in the middle of. */
interface Inside {
  text: string;
  state: unknown;
}

/**
 * saxes tells a text when its end has come, and holds it until then: a text of a gigabyte would be held whole. This takes what is held out
 * of it after each piece. It reaches into saxes, so it finds out at start-up by parsing a little what its states are; if a later saxes is
 * made differently, an endless text ends like an endless tag, with an error.
 */
export function openText(parser: SaxesParser): { take(): { text: string; heard: boolean } } {
  const inside = parser as unknown as Inside;
  return {
    take() {
      const { text, state } = inside;
      if (text === '' || state === undefined) return NOTHING_HELD;
      if (state === STATES.text || state === STATES.cdata) {
        inside.text = '';
        return { text, heard: true };
      }
      if (state !== STATES.comment) return NOTHING_HELD;
      inside.text = '';
      return { text: '', heard: true };
    },
  };
}

const NOTHING_HELD = { text: '', heard: false } as const;
const STATES = { text: stateAfter('<a>b'), cdata: stateAfter('<a><![CDATA[b'), comment: stateAfter('<a><!--b') };

function stateAfter(document: string): unknown {
  const parser = new SaxesParser({ xmlns: false });
  // without anybody who listens, text is not gathered
  parser.on('text', () => {});
  parser.write(document);
  const { text, state } = parser as unknown as Inside;
  return text === 'b' ? state : Symbol('saxes holds its text elsewhere');
}
