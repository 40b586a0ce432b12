/** What a TAXII 1 server says, in the words of both versions: a feed of 1.0 is a collection here. */
export type Taxii1Message = Services | Collections | PollResponse | StatusMessage;

export interface Service {
  /** `DISCOVERY`, `POLL`, `INBOX`, `COLLECTION_MANAGEMENT`. */
  type: string;
  available: boolean;
  address: string;
  /** Bindings of messages; empty when it names none. */
  messages: string[];
}

export interface Services {
  kind: 'services';
  services: Service[];
}

export interface CollectionInfo {
  name: string;
  /** A data set is always given whole; of a feed a part of its time. */
  isSet: boolean;
  available: boolean;
  polling: Pick<Service, 'address' | 'messages'>[];
}

export interface Collections {
  kind: 'collections';
  collections: CollectionInfo[];
}

export interface PollResponse {
  kind: 'poll';
  /** There is another part, to be asked for with the id. */
  more: boolean;
  resultId: string | undefined;
  /** Until when it reaches. */
  end: string | undefined;
  /** The server had more than it gives in all parts together. */
  partial: boolean;
  /** Content blocks, usable or not. */
  blocks: number;
}

export interface StatusMessage {
  kind: 'status';
  /** `UNAUTHORIZED`, `PENDING` and their like. */
  type: string;
  text: string;
  resultId: string | undefined;
  /** Seconds. */
  wait: number | undefined;
}
