/**
 * A record that could not be used: one record on `ioc.dlq`, one document in `threat_deadletters-YYYY.MM.dd`.
 * It keeps the original bytes, so that it can be replayed as it was or repaired.
 */
export interface DeadLetter {
  schema: 1;
  /** Origin of the refused record, `topic-partition-offset`: the ID that `tipline dlq show` takes. */
  id: string;
  /** When it was refused (ISO 8601). */
  '@timestamp': string;
  code: string;
  message: string;
  /** The worker or step that refused it. */
  stage: string;
  origin: { topic: string; partition: number; offset: number };
  /** When the record was first read (ISO 8601). */
  collected_at: string;
  /** The original bytes: as text when they are valid UTF-8, else base64. */
  payload: string;
  payload_encoding: 'utf8' | 'base64';
  /** Size of the original in bytes; larger than the payload when that was cut. */
  payload_bytes: number;
  payload_cut?: true;
}
