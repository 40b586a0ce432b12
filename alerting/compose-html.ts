import { escapeHtml } from './clean.ts';
import type { EntryView, MailView } from './mail-view.ts';

/**
 * The HTML part. Tables and inline styles, because mail programs drop everything else; nothing is fetched from anywhere and
 * nothing can be clicked. Kept terse: some programs hide what is beyond 100 KB.
 */
export function composeHtml(view: MailView): string {
  const marking =
    view.marking === undefined
      ? ''
      : `<span style="display:inline-block;margin-bottom:10px;padding:2px 8px;background:#000;color:${markingColour(view.marking)};font:bold 12px monospace">${escapeHtml(view.marking)}</span><br>`;
  const summary = view.summary
    .map(
      ([label, text]) =>
        `<tr><td style="padding:2px 14px 2px 0;color:#667085;vertical-align:top">${escapeHtml(label)}</td><td style="padding:2px 0;color:#101828">${escapeHtml(text)}</td></tr>`,
    )
    .join('');
  const more =
    view.more === undefined
      ? ''
      : `<tr><td style="padding:14px 24px;background:#fffaeb;color:#7a4b00;border-top:1px solid #eaecf0">${escapeHtml(view.more)}</td></tr>`;
  return [
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    '<meta name="color-scheme" content="light"><title>tipline</title></head>',
    `<body style="margin:0;padding:0;background:#f2f4f7"><table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="background:#f2f4f7"><tr><td align="center" style="padding:20px 8px">`,
    `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:720px;background:#fff;border:1px solid #eaecf0;border-collapse:collapse;text-align:left;font:14px/20px ${SANS}">`,
    `<tr><td style="padding:20px 24px;background:#101828;color:#fff">${marking}<span style="color:#98a2b3;font-size:12px">tipline &middot; ${escapeHtml(view.at)}</span><br><span style="font-size:22px;line-height:30px;font-weight:bold">${escapeHtml(view.headline)}</span></td></tr>`,
    `<tr><td style="padding:14px 24px"><table role="presentation" cellpadding="0" cellspacing="0" style="font:13px/18px ${SANS}">${summary}</table></td></tr>`,
    ...view.entries.map(entryRow),
    more,
    `<tr><td style="padding:14px 24px;background:#f9fafb;color:#667085;border-top:1px solid #eaecf0;font-size:12px;line-height:17px">${escapeHtml(view.footer)}</td></tr>`,
    '</table></td></tr></table></body></html>',
  ].join('\n');
}

const SANS = "-apple-system,'Segoe UI',Roboto,Arial,sans-serif";

function entryRow(entry: EntryView): string {
  const facts = entry.facts
    .map(
      ([label, text]) =>
        `<tr><td style="padding:1px 12px 1px 0;color:#667085;vertical-align:top">${escapeHtml(label)}</td><td style="padding:1px 0;word-break:break-word">${escapeHtml(text)}</td></tr>`,
    )
    .join('');
  const mark = entry.mark === 'NEW' ? '#b42318' : '#475467';
  return (
    `<tr><td style="padding:14px 24px;border-top:1px solid #eaecf0"><table role="presentation" width="100%" cellpadding="0" cellspacing="0"><tr>` +
    `<td width="46" style="width:46px;vertical-align:top"><div style="width:40px;padding:8px 0;background:${scoreColour(entry.score)};color:#fff;text-align:center;font:bold 17px ${SANS}">${escapeHtml(String(entry.score))}</div></td>` +
    `<td style="padding-left:12px;vertical-align:top"><span style="font:bold 14px/20px Menlo,Consolas,monospace;color:#101828;word-break:break-all">${escapeHtml(entry.value)}</span><br>` +
    `<span style="font:12px ${SANS};color:#667085">${escapeHtml(entry.type)} &middot; <b style="color:${mark}">${entry.mark}</b></span>` +
    `<table role="presentation" cellpadding="0" cellspacing="0" style="margin-top:6px;font:12px/17px ${SANS};color:#344054">${facts}</table></td></tr></table></td></tr>`
  );
}

function scoreColour(score: number): string {
  if (score >= 95) return '#912018';
  if (score >= 90) return '#d92d20';
  if (score >= 80) return '#dc6803';
  return '#667085';
}

/** Colours of FIRST's TLP 2.0, on black. */
function markingColour(marking: string): string {
  if (marking.startsWith('TLP:RED')) return '#ff2b2b';
  if (marking.startsWith('TLP:AMBER')) return '#ffc000';
  if (marking.startsWith('TLP:GREEN')) return '#33ff00';
  return '#fff';
}
