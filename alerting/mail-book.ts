import { TiplineError } from '../core/process/errors.ts';
import type { Cursors } from '../store/port.ts';

const KEY = 'alerting:mails';

export interface MailBookPage {
  /** Epoch ms of the last mail that was composed, by any process; 0 = never. */
  last: number;
  /** Mails whose action may not be on `ioc.actions` yet. */
  untold: readonly string[];
}

/** What senders remember of their mails beside the mails themselves; one small value in the cursors. */
export interface MailBook {
  read(): Promise<MailBookPage>;
  /** Before a mail is sealed: it starts the quiet time and will have to be told of. */
  begin(mail: string, at: number): Promise<void>;
  told(mail: string): Promise<void>;
}

export function openMailBook(cursors: Cursors): MailBook {
  const change = async (edit: (page: MailBookPage) => MailBookPage): Promise<void> => {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const found = await cursors.get(KEY);
      if ((await cursors.put(KEY, edit(pageOf(found?.value)), found?.version ?? null)) !== undefined) return;
    }
    throw new TiplineError('CURSOR_CONTENDED', `the cursor ${KEY} is changed by others all the time`, {
      retryable: true,
    });
  };
  return {
    async read() {
      return pageOf((await cursors.get(KEY))?.value);
    },
    begin: (mail, at) =>
      change(({ last, untold }) => ({
        last: Math.max(last, at),
        untold: [...untold.filter((id) => id !== mail), mail],
      })),
    told: (mail) => change(({ last, untold }) => ({ last, untold: untold.filter((id) => id !== mail) })),
  };
}

function pageOf(value: unknown): MailBookPage {
  if (typeof value !== 'object' || value === null) return { last: 0, untold: [] };
  const last = 'last' in value && typeof value.last === 'number' ? value.last : 0;
  const untold = 'untold' in value && Array.isArray(value.untold) ? value.untold : [];
  return { last, untold: untold.filter((id) => typeof id === 'string') };
}
