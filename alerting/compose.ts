import { cleanValue } from './clean.ts';
import { composeHtml } from './compose-html.ts';
import { composeText } from './compose-text.ts';
import type { Digest } from './digest.ts';
import { type MailFacts, type MailView, viewOf } from './mail-view.ts';

export interface ComposedMail {
  subject: string;
  text: string;
  html: string;
}

/** Pure. The subject holds our own words, numbers and at most one defanged value. */
export function compose(digest: Digest, facts: MailFacts): ComposedMail {
  const view = viewOf(digest, facts);
  return { subject: subjectOf(digest, view), text: composeText(view), html: composeHtml(view) };
}

function subjectOf(digest: Digest, view: MailView): string {
  // FIRST's TLP 2.0 asks for the label in the subject of a mail.
  const marking = view.marking === undefined ? '' : `[${view.marking}] `;
  const worst = digest.top[0];
  if (worst === undefined) return `${marking}tipline: ${view.headline}`;
  const value = cleanValue(worst, 60);
  return `${marking}tipline: ${view.headline}, worst ${worst.threat_score}: ${value}`;
}
