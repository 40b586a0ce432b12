import type { OutboxMail } from '../../../store/port.ts';

export function sampleMail(mail: Partial<OutboxMail> = {}): OutboxMail {
  return {
    id: '0123456789abcdef0123',
    messageId: '<0123456789abcdef0123.alert@example.org>',
    createdAt: Date.parse('2026-05-10T12:00:00.500Z'),
    sentAt: 0,
    attempts: 1,
    subject: 'tipline: 1 indicator above 80, worst 92: 203[.]0[.]113[.]7 – Прüfung',
    text: 'Zeile 1\nZeile 2: Größe\n.\n.. dots\n',
    html: '<p>Größe &#60;b&#62;</p>',
    indicators: 1,
    rows: ['threshold:a'],
    ...mail,
  };
}

export const CORRESPONDENTS = {
  from: { name: 'Tipline', address: 'tipline@example.org' },
  to: [
    { name: '', address: 'security@example.org' },
    { name: 'Night, "Shift"', address: 'night@example.org' },
  ],
};
