import { decodeRecordSet, type FetchedMessage } from '../format/decode.ts';
import { forgetKafkajsModule, kafkajsModule, type Repair, replaceKafkajsModule } from './upstream.ts';

/** As much of kafkajs's Decoder as is needed. */
interface Decoder {
  offset: number;
  readInt32(): number;
  canReadBytes(length: number): boolean;
  readBytes(length: number): Buffer;
}

type DecodeMessages = (decoder: Decoder) => Promise<FetchedMessage[]>;

const VERSIONS_THAT_USE_IT = [4, 5, 6, 7, 8, 9, 10, 11];
const FORMAT_AT = 16;

/**
 * Has kafkajs read fetched records with our decoder. Its own throws for snappy, lz4 and zstd, takes whatever a codec unpacks into memory,
 * and lets one unreadable batch end the consumer for good. Sets in the formats before Kafka 0.11 are left to kafkajs.
 */
export const fetchDecoder: Repair = {
  module: 'protocol/requests/fetch/v4/decodeMessages.js',
  sha256: 'd9fede59bebf84ee15169d0ecc54df594a11722b6ba8d5db535ed1d8548d4fcc',
  apply() {
    const original = kafkajsModule(this.module) as DecodeMessages;
    const decodeMessages: DecodeMessages = async (decoder) => {
      const start = decoder.offset;
      const size = decoder.readInt32();
      if (size <= 0 || !decoder.canReadBytes(size)) return [];
      const set = decoder.readBytes(size);
      if (set[FORMAT_AT] === 2) return decodeRecordSet(set);
      decoder.offset = start;
      return original(decoder);
    };
    replaceKafkajsModule(this.module, decodeMessages);
    // kafkajs loads these when it first needs them; any that are loaded already hold the original.
    for (const version of VERSIONS_THAT_USE_IT) forgetKafkajsModule(`protocol/requests/fetch/v${version}/response.js`);
  },
};
