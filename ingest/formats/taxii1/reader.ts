import type { RawIndicator } from '../../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../../core/process/errors.ts';
import { printable } from '../../printable.ts';
import type { Tally } from '../../tally.ts';
import type { Stix1Reader } from '../stix1/reader.ts';
import { readXml, type XmlHandler, type XmlTag } from '../xml-stream.ts';
import { type Content, createContent } from './content.ts';
import type { CollectionInfo, PollResponse, Service, StatusMessage, Taxii1Message } from './message.ts';

export interface MessageOptions {
  /** Gets the STIX in content blocks; its records are handed on. Absent: blocks are passed over. */
  stix?: Stix1Reader;
  tally: Tally;
  /** The Timestamp_Label of each content block, as written. */
  label?(text: string): void;
}

const LONGEST_TEXT = 4096;
const MOST_ENTRIES = 10_000;

/**
 * Reads one message of TAXII 1.0 or 1.1 of any length, in memory that does not depend on it. Yields the records of the content blocks as
 * they come; what waits for the rest of a result stays in `stix`. Returns the message around them. Throws what `readXml` throws, after
 * what came before was handed on, and FEED_SHAPE when it is no message that a client can get.
 */
export async function* readMessage(
  bytes: AsyncIterable<Buffer>,
  options: MessageOptions,
): AsyncGenerator<RawIndicator[], Taxii1Message> {
  const { stix, tally } = options;
  const content = stix === undefined ? undefined : createContent(stix, tally);
  const handler = createMessageHandler(options, content);
  try {
    yield* readXml(bytes, handler, () => stix?.take() ?? []);
  } catch (error) {
    content?.breakOff();
    throw error;
  }
  const message = handler.message();
  if (message === undefined) throw noMessage(undefined);
  return message;
}

export interface MessageHandler extends XmlHandler {
  /** What is known of it so far; undefined before its first element. */
  message(): Taxii1Message | undefined;
}

export function createMessageHandler(options: MessageOptions, content?: Content): MessageHandler {
  let message: Taxii1Message | undefined;
  /** Local names from the message down to the element at hand. */
  const path: string[] = [];
  let text = '';
  /** Elements that are open inside a Content. */
  let inContent = 0;
  let block = { binding: '', line: 0 };
  /** The name of a Detail. */
  let detail = '';

  function at(...names: readonly string[]): boolean {
    return path.length === names.length && names.every((name, index) => path[index] === name);
  }

  function open(tag: XmlTag): void {
    if (inContent > 0) {
      inContent += 1;
      content?.open(tag);
      return;
    }
    path.push(tag.name);
    text = '';
    if (path.length === 1) message = beginningOf(tag);
    else if (message !== undefined) opened(message, tag);
    if (at('Poll_Response', 'Content_Block', 'Content')) inContent = 1;
  }

  function opened(known: Taxii1Message, tag: XmlTag): void {
    const { name, attributes } = tag;
    switch (known.kind) {
      case 'services':
        if (path.length === 2 && name === 'Service_Instance' && known.services.length < MOST_ENTRIES) {
          known.services.push(serviceOf(attributes));
        }
        return;
      case 'collections':
        if (
          path.length === 2 &&
          (name === 'Collection' || name === 'Feed') &&
          known.collections.length < MOST_ENTRIES
        ) {
          known.collections.push(collectionOf(attributes));
        } else if (path.length === 3 && name === 'Polling_Service') {
          known.collections.at(-1)?.polling.push({ address: '', messages: [] });
        }
        return;
      case 'poll':
        if (at('Poll_Response', 'Record_Count')) known.partial = isTrue(attributes.partial_count);
        else if (at('Poll_Response', 'Content_Block')) {
          known.blocks += 1;
          block = { binding: '', line: tag.line };
        } else if (at('Poll_Response', 'Content_Block', 'Content_Binding')) {
          block.binding = attributes.binding_id ?? '';
        }
        return;
      case 'status':
        if (name === 'Detail') detail = attributes.name ?? '';
        return;
      default:
        known satisfies never;
    }
  }

  function closed(known: Taxii1Message): void {
    const told = text.trim();
    switch (known.kind) {
      case 'services':
        addService(known.services.at(-1), path, told);
        return;
      case 'collections':
        addService(known.collections.at(-1)?.polling.at(-1), path.slice(1), told);
        return;
      case 'poll':
        if (at('Poll_Response', 'Inclusive_End_Timestamp')) known.end = told;
        else if (at('Poll_Response', 'Content_Block', 'Timestamp_Label')) options.label?.(told);
        else if (at('Poll_Response', 'Content_Block', 'Content_Binding')) block.binding ||= told;
        else if (at('Poll_Response', 'Content_Block')) content?.endBlock(block.binding, block.line);
        return;
      case 'status':
        if (at('Status_Message', 'Message')) known.text = told;
        else if (path.at(-1) === 'Detail') addDetail(known, detail, told);
        return;
      default:
        known satisfies never;
    }
  }

  return {
    open,
    text(piece) {
      if (inContent > 0) content?.text(piece);
      else if (text.length < LONGEST_TEXT) text += piece;
    },
    close(name) {
      if (inContent > 1) {
        inContent -= 1;
        content?.close(name);
        return;
      }
      inContent = 0;
      if (message !== undefined) closed(message);
      path.pop();
      text = '';
    },
    message: () => message,
  };
}

function beginningOf({ name, attributes }: XmlTag): Taxii1Message {
  switch (name) {
    case 'Discovery_Response':
      return { kind: 'services', services: [] };
    case 'Collection_Information_Response':
    case 'Feed_Information_Response':
      return { kind: 'collections', collections: [] };
    case 'Poll_Response':
      return pollResponseOf(attributes);
    case 'Status_Message':
      return {
        kind: 'status',
        type: attributes.status_type?.trim() ?? '',
        text: '',
        resultId: undefined,
        wait: undefined,
      };
    default:
      throw noMessage(name);
  }
}

function pollResponseOf(attributes: XmlTag['attributes']): PollResponse {
  return {
    kind: 'poll',
    more: isTrue(attributes.more),
    resultId: idOf(attributes.result_id),
    end: undefined,
    partial: false,
    blocks: 0,
  };
}

function serviceOf(attributes: XmlTag['attributes']): Service {
  const type = attributes.service_type?.trim().toUpperCase() ?? '';
  return {
    type: type === 'FEED_MANAGEMENT' ? 'COLLECTION_MANAGEMENT' : type,
    available: !isFalse(attributes.available),
    address: '',
    messages: [],
  };
}

function collectionOf(attributes: XmlTag['attributes']): CollectionInfo {
  return {
    name: (attributes.collection_name ?? attributes.feed_name ?? '').slice(0, LONGEST_TEXT),
    isSet: attributes.collection_type?.trim().toUpperCase() === 'DATA_SET',
    available: !isFalse(attributes.available),
    polling: [],
  };
}

/** `path` ends inside the service: a Service_Instance, or a Polling_Service of a collection. */
function addService(
  service: Pick<Service, 'address' | 'messages'> | undefined,
  path: readonly string[],
  told: string,
): void {
  if (service === undefined || path.length !== 3) return;
  const [, around, name] = path;
  if (around !== 'Service_Instance' && around !== 'Polling_Service') return;
  if (name === 'Address') service.address ||= told;
  else if (name === 'Message_Binding' && service.messages.length < 20) service.messages.push(told);
}

function addDetail(status: StatusMessage, name: string, told: string): void {
  if (name === 'RESULT_ID') status.resultId = idOf(told);
  if (name === 'ESTIMATED_WAIT' && /^\d{1,9}$/.test(told)) status.wait = Number(told);
}

function idOf(text: string | undefined): string | undefined {
  const id = text?.trim() ?? '';
  return id === '' ? undefined : id.slice(0, 1024);
}

function isTrue(text: string | undefined): boolean {
  return /^\s*(true|1)\s*$/i.test(text ?? '');
}

function isFalse(text: string | undefined): boolean {
  return /^\s*(false|0)\s*$/i.test(text ?? '');
}

function noMessage(name: string | undefined): TiplineError {
  const what = name === undefined ? 'is empty' : `begins with <${printable(name, 60)}>`;
  return new TiplineError('FEED_SHAPE', `the answer ${what}, which is no answer of TAXII 1; check the address`, {
    retryable: true,
  });
}
