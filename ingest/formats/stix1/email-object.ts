import { type Element, find, findAll } from './element.ts';
import { allOf, leaves, referred } from './leaves.ts';
import { type Part, together } from './part.ts';
import type { Reading } from './property.ts';
import { address } from './value-objects.ts';

/** Recipients are victims: that a message went to them is a condition, never a value. */
const SENDERS = ['From', 'Sender', 'Reply_To', 'X_Originating_IP'];

export function emailMessage(properties: Element, reading: Reading): Part[] {
  const header = find(properties, 'Header');
  const senders = SENDERS.flatMap((name) => (header === undefined ? [] : findAll(header, name)));
  const told = senders.map((sender) => mailbox(sender, reading));
  const fields = header?.children.filter((child) => !SENDERS.includes(child.name)).length ?? 0;
  const attached = [...findAll(properties, 'Attachments', 'File'), ...findAll(properties, 'Links', 'Link')];
  const references = attached.flatMap((each) => referred(each) ?? []);
  const mute = told.filter((group) => group.length === 0).length;
  if (told.length === 0 && references.length === 0) reading.skip('an e-mail without a sender');
  return [...allOf(told, fields + mute + attached.length), ...together(references)];
}

function mailbox(sender: Element, reading: Reading): Part[] {
  if (sender.name === 'X_Originating_IP' || sender.attributes.category !== undefined) return address(sender, reading);
  return leaves(find(sender, 'Address_Value'), 'email', reading, false);
}
