import { decodeRecordSet, type FetchedMessage } from './format/decode.ts';
import { forgetKafkajsModule, kafkajsModule, replaceKafkajsModule } from './internals.ts';

/** As much of kafkajs's Decoder as is needed. */
interface Decoder {
  offset: number;
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

type DecodeMessages = (decoder: Decoder) => Promise<FetchedMessage[]>;

const DECODE_MESSAGES = 'protocol/requests/fetch/v4/decodeMessages.js';
const VERSIONS_THAT_USE_IT = [4, 5, 6, 7, 8, 9, 10, 11];
const FORMAT_AT = 16;

let replaced = false;

/**
 * Has kafkajs read fetched records with our decoder. Its own throws for snappy, lz4 and zstd, takes whatever a codec unpacks into memory,
 * and lets one unreadable batch end the consumer for good. Sets in the formats before Kafka 0.11 are left to kafkajs.
 */
export function replaceFetchDecoder(): void {
  if (replaced) return;
  replaced = true;
  const original = kafkajsModule(DECODE_MESSAGES) as DecodeMessages;
  const decodeMessages: DecodeMessages = async (decoder) => {
    const start = decoder.offset;
    const size = decoder.readInt32();
    if (size <= 0 || !decoder.canReadBytes(size)) return [];
    const set = decoder.readBytes(size);
    if (set[FORMAT_AT] === 2) return decodeRecordSet(set);
    decoder.offset = start;
    return original(decoder);
  };
  replaceKafkajsModule(DECODE_MESSAGES, decodeMessages);
  // kafkajs loads these when it first needs them; any that are loaded already hold the original.
  for (const version of VERSIONS_THAT_USE_IT) forgetKafkajsModule(`protocol/requests/fetch/v${version}/response.js`);
}
