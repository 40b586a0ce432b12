import { TiplineError } from '../../core/process/errors.ts';

/**
 * Both clients wrap errors in errors: what Kafka said is somewhere down the causes. This file finds it and says what it means, once,
 * for everything in this folder.
 */
const NOT_AUTHORISED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
]);
const LOGIN_REFUSED = new Set(['SASL_AUTHENTICATION_FAILED', 'UNSUPPORTED_SASL_MECHANISM', 'ILLEGAL_SASL_STATE']);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const RECORD_REFUSED = new Set(['INVALID_RECORD', 'INVALID_TIMESTAMP', 'UNSUPPORTED_COMPRESSION_TYPE']);

/** The group gives our partitions to others soon, but commits still count until we have joined again. */
const REBALANCE = new Set(['REBALANCE_IN_PROGRESS', 'NOT_COORDINATOR_FOR_GROUP']);
/** They are given away already. */
const PLACE_GONE = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID']);

const MOST_CAUSES = 40;

/** A thrown value and everything it wraps, outermost first. */
function* chain(error: unknown): Generator<Record<string, unknown>> {
  const waiting: unknown[] = [error];
  const seen = new Set<unknown>();
  while (waiting.length > 0 && seen.size < MOST_CAUSES) {
    const current = waiting.shift();
    if (typeof current !== 'object' || current === null || seen.has(current)) continue;
    seen.add(current);
    const fields = current as Record<string, unknown>;
    yield fields;
    waiting.push(fields.cause);
    if (Array.isArray(fields.errors)) waiting.push(...fields.errors);
  }
}

/** The names that Kafka gave to what went wrong: `apiId` in one client, `type` in the other. */
export function kafkaNamesOf(error: unknown): string[] {
  const names: string[] = [];
  for (const { apiId, type } of chain(error)) {
    if (typeof apiId === 'string') names.push(apiId);
    else if (typeof type === 'string') names.push(type);
  }
  return names;
}

export type PlaceVerdict = 'rebalance' | 'gone' | 'outage' | 'unknown';

/** What a failed heartbeat or commit says about our place in the group. */
export function placeVerdict(error: unknown): PlaceVerdict {
  const names = kafkaNamesOf(error);
  if (names.some((name) => PLACE_GONE.has(name))) return 'gone';
  if (names.some((name) => REBALANCE.has(name))) return 'rebalance';
  return busError(error, '').retryable === true ? 'outage' : 'unknown';
}

/** The error as tipline's own: `retryable` is true for what ends by itself, false for what an operator must change. */
export function busError(error: unknown, doing: string): TiplineError {
  for (const link of chain(error)) if (link instanceof TiplineError) return link;
  const names = kafkaNamesOf(error);
  const named = (set: ReadonlySet<string>): string | undefined => names.find((name) => set.has(name));
  const refusal = (code: string, message: string): TiplineError =>
    new TiplineError(code, message, { cause: error, retryable: false });

  const login = named(LOGIN_REFUSED);
  if (login !== undefined) {
    return refusal('BUS_LOGIN_REFUSED', `${doing}: Kafka refused the login (${login}): check bus.sasl`);
  }
  const authorisation = named(NOT_AUTHORISED);
  if (authorisation !== undefined) {
    return refusal('BUS_NOT_AUTHORISED', `${doing}: the Kafka user may not do this (${authorisation}): check its ACLs`);
  }
  if (named(TOO_LARGE) !== undefined) {
    return refusal(
      'BUS_RECORD_TOO_LARGE',
      `${doing}: a record is larger than the topic takes: raise max.message.bytes of the topic`,
    );
  }
  const refused = named(RECORD_REFUSED);
  if (refused !== undefined) return refusal('BUS_RECORD_REFUSED', `${doing}: Kafka refused the records (${refused})`);
  if (isOutage(error))
    return new TiplineError('BUS_AWAY', `${doing}: ${detailOf(error)}`, { cause: error, retryable: true });
  return new TiplineError('BUS_FAILED', `${doing}: ${detailOf(error)}`, { cause: error });
}

export function topicMissing(topic: string): TiplineError {
  return new TiplineError('BUS_TOPIC_MISSING', `topic ${topic} does not exist: create it with "tipline setup"`, {
    retryable: false,
  });
}

export function busClosed(): TiplineError {
  return new TiplineError('BUS_CLOSED', 'the bus is closed', { retryable: false });
}

/** kafkajs calls these final although they only mean that a broker did not answer in time. */
const ENDS_BY_ITSELF = new Set(['KafkaJSLockTimeout', 'KafkaJSTimeout', 'KafkaJSGroupCoordinatorNotFound']);
const CONNECTION_CODES = /^E(CONN|PIPE|HOST|NET|TIMEDOUT|AI_)|^ENOTFOUND$|^PLT_KFK_(NETWORK|TIMEOUT)$/;

/**
 * The innermost link decides: it is what happened, the outer ones are what the clients made of it (giving up after some retries is
 * reported as final by both).
 */
function isOutage(error: unknown): boolean {
  let verdict = false;
  for (const link of chain(error)) {
    if (typeof link.apiId === 'string' || typeof link.type === 'string')
      return link.canRetry === true || link.retriable === true;
    if (typeof link.name === 'string' && ENDS_BY_ITSELF.has(link.name)) return true;
    if (typeof link.code === 'string' && CONNECTION_CODES.test(link.code)) return link.closed !== true;
    if (link.canRetry !== undefined) verdict = link.canRetry === true;
    if (link.retriable !== undefined) verdict = link.retriable === true;
  }
  return verdict;
}

/** What happened, in one line: Kafka's name for it, else the deepest message. */
function detailOf(error: unknown): string {
  const [name] = kafkaNamesOf(error);
  if (name !== undefined) return name;
  let text = typeof error === 'string' ? error : 'unknown error';
  for (const { message } of chain(error)) if (typeof message === 'string' && message !== '') text = message;
  return text.slice(0, 300);
}
