import type { EventAction, Status, TiplinePart } from '../../core/contract/enriched-document.ts';
import { isFields } from '../../core/contract/fields.ts';
import { TiplineError } from '../../core/process/errors.ts';
import type { StoredState } from '../port.ts';
import type { FoundDocument } from './documents.ts';

/** Nothing is taken for granted: others can write into the index. */
type Source = Readonly<Record<string, unknown>>;

const STATUSES: ReadonlySet<string> = new Set<Status>(['allowed', 'active', 'revoked', 'expired']);
const ACTIONS: ReadonlySet<string> = new Set<EventAction>(['new', 'updated', 'seen', 'revoked', 'expired']);

/** Reads a state from what mget brings. What somebody else put into the index is refused with what to do about it. */
export function readState({ _id: id, _version: version, _source: source }: FoundDocument<Source>): StoredState {
  const event = isFields(source.event) ? source.event : {};
  const { tipline } = source;
  const changedAt = source['@timestamp'];
  const { action, provider } = event;
  if (!isTiplinePart(tipline) || typeof changedAt !== 'string' || !isAction(action) || typeof provider !== 'string') {
    throw new TiplineError(
      'STORE_FOREIGN_DOCUMENT',
      `document ${id} in the current index was not written by tipline; delete it, and the next report makes it anew`,
      { retryable: false },
    );
  }
  // An update by query raises `_version` alone, and only what is above both numbers can be written.
  if (version !== undefined && version > tipline.revision) tipline.revision = version;
  return { tipline, changedAt, firstSeen: firstSeenOf(source) ?? changedAt, action, provider };
}

function firstSeenOf(source: Source): string | undefined {
  const indicator = isFields(source.threat) ? source.threat.indicator : undefined;
  return isFields(indicator) && typeof indicator.first_seen === 'string' ? indicator.first_seen : undefined;
}

/** Looks at what merging relies on; the rest is as we wrote it. */
function isTiplinePart(value: unknown): value is TiplinePart {
  return (
    isFields(value) &&
    typeof value.revision === 'number' &&
    typeof value.status === 'string' &&
    STATUSES.has(value.status) &&
    Array.isArray(value.claims)
  );
}

function isAction(value: unknown): value is EventAction {
  return typeof value === 'string' && ACTIONS.has(value);
}
