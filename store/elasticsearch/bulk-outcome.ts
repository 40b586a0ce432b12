import { describeServerError, type ElasticsearchError, type ServerError } from './error.ts';
import { NO_GUESSING, strangerMessage } from './ownership.ts';

/**
 * What the answer to one item of a bulk means.
 *
 * | status | kind |
 * |---|---|
 * | 200, 201 | updated, created |
 * | 409 | conflict: it exists (history: done; current: lost) |
 * | 400 by the document | refused: dead-letter |
 * | 400, 403 by an index that is closed or write-blocked | blocked: another day's index may take it, else wait |
 * | 400, 404 by an index in other ways, 401, 403, flood stage | paused: an operator must act, never dead-letter |
 * | 429, 5xx | busy: send this item again |
 */
export type Verdict =
  | { readonly kind: 'created' }
  | { readonly kind: 'updated' }
  | { readonly kind: 'conflict' }
  | Unhappy;

interface Fault {
  readonly code: string;
  /** 0: no answer. */
  readonly status: number;
  readonly error: ServerError;
}

export type Refused = Fault & { readonly kind: 'refused' };
export type Unhappy = Refused | (Fault & { readonly kind: 'blocked' | 'paused' | 'busy' });

const CREATED: Verdict = { kind: 'created' };
const UPDATED: Verdict = { kind: 'updated' };
const CONFLICT: Verdict = { kind: 'conflict' };

/** 400s that speak of the index, the alias or the cluster. All others speak of the document. */
const INDEX_FAULTS = new Set([
  'alias_not_found_exception',
  'index_not_found_exception',
  'index_template_missing_exception',
  'invalid_alias_name_exception',
  'invalid_index_name_exception',
  'invalid_index_template_exception',
  // Too many shards in the cluster to make the day's index.
  'validation_exception',
]);

/**
 * `illegal_argument_exception` is used for both: an immense term is the document's fault, these are not. Versions word
 * them differently, so what is missed here is caught by the rule that no large part of a batch is refused for one
 * reason.
 */
const INDEX_FAULT_REASONS = [
  /no write index is defined|is not an alias|data streams?/i,
  /shards? open|maximum .{0,20}shards|documents in the index cannot exceed/i,
  /pipeline with id/i,
  /composable template|index template|limit of total fields/i,
];

export function classifyItem(status: number, error: ServerError | undefined): Verdict {
  if (status === 201) return CREATED;
  if (status >= 200 && status < 300) return UPDATED;
  if (status === 409) return CONFLICT;
  const fault = error ?? { type: `HTTP ${status}`, reason: '' };
  return { kind: kindOf(status, fault), code: codeOf(status, fault), status, error: fault };
}

function kindOf(status: number, error: ServerError): Unhappy['kind'] {
  const isBlock = error.type === 'cluster_block_exception';
  if (status === 429) return isBlock ? 'paused' : 'busy';
  if (status >= 500) return 'busy';
  if (error.type === 'index_closed_exception' || isStranger(error)) return 'blocked';
  // Before 7.7, and where an operator set the block by hand, a full disk answers 403 as well: it is not the index that
  // is at fault.
  if (isBlock) return isFloodStage(error) ? 'paused' : 'blocked';
  if (status !== 400) return status === 401 || status === 403 || status === 404 ? 'paused' : 'refused';
  if (INDEX_FAULTS.has(error.type)) return 'paused';
  const words = `${error.reason} ${error.cause ?? ''}`;
  const byIndex =
    error.type === 'illegal_argument_exception' && INDEX_FAULT_REASONS.some((reason) => reason.test(words));
  return byIndex ? 'paused' : 'refused';
}

function codeOf(status: number, error: ServerError): string {
  const kind = kindOf(status, error);
  if (kind === 'refused') return 'DOCUMENT_REFUSED';
  if (kind === 'busy') return 'STORE_BUSY';
  if (isStranger(error)) return 'STORE_FOREIGN_INDEX';
  if (status === 401 || (status === 403 && error.type !== 'cluster_block_exception')) return 'STORE_DENIED';
  return status === 404 ? 'STORE_NOT_SET_UP' : 'STORE_BLOCKED';
}

/** What the failure of a whole request means for its items; `split`: try with fewer, a single one is refused. */
export function classifyRequest(error: ElasticsearchError): { kind: 'split'; tooLarge: boolean } | Unhappy {
  const { status, server } = error;
  if (status === 413) return { kind: 'split', tooLarge: true };
  // One malformed line, or an id that is too long, fails the whole request.
  if (status === 400 && !INDEX_FAULTS.has(server.type)) return { kind: 'split', tooLarge: false };
  if (status === 429 && server.type !== 'cluster_block_exception') {
    return { kind: 'busy', code: 'STORE_BUSY', status, error: server };
  }
  // A proxy answers 502 to 504 for a server that is away, and says so with no error of Elasticsearch's.
  if (status >= 500 && !server.type.startsWith('HTTP')) {
    return { kind: 'busy', code: 'STORE_BUSY', status, error: server };
  }
  return { kind: 'paused', code: error.code, status, error: server };
}

/** For an operator: what is wrong, where, and what to do. */
export function explain(verdict: Unhappy, index: string): string {
  const { status, error } = verdict;
  if (error.type === STRANGER) return error.reason;
  if (status === 0) return `Elasticsearch cannot be reached: ${error.reason === '' ? error.type : error.reason}`;
  if (error.type.startsWith('HTTP')) return `Elasticsearch, or a proxy before it, answers ${status}`;
  if (isStranger(error)) return strangerMessage([index]);
  const where = status === 401 ? '' : ` on ${error.index ?? index}`;
  return `Elasticsearch answers ${status} ${error.type}${where}${adviceOn(status, error)}`;
}

/** The verdict on a document that is not sent at all, because its index belongs to others; `reason` is for the operator. */
export function strangerVerdict(index: string, reason: string): Unhappy {
  return { kind: 'blocked', code: 'STORE_FOREIGN_INDEX', status: 400, error: { type: STRANGER, reason, index } };
}

const STRANGER = 'foreign_index';

/** Also when the server found out: see NO_GUESSING. */
function isStranger(error: ServerError): boolean {
  return error.type === STRANGER || `${error.reason} ${error.cause ?? ''}`.includes(NO_GUESSING);
}

function adviceOn(status: number, error: ServerError): string {
  if (error.type === 'cluster_block_exception') {
    return isFloodStage(error)
      ? ': disk full? The block goes when there is space again'
      : `: ${error.reason}; remove the block`;
  }
  if (error.type === 'index_closed_exception') return ': open the index';
  if (status === 401 || status === 403) return ": check the store's credentials and privileges";
  if (status === 404) return `: ${error.reason}; run \`tipline setup\``;
  if (/shards/.test(error.reason)) return `: ${error.reason}; delete old indices or raise cluster.max_shards_per_node`;
  return error.reason === '' ? '' : `: ${describeServerError(error).slice(error.type.length + 2)}`;
}

function isFloodStage(error: ServerError): boolean {
  return /flood.?stage|read-only-allow-delete|read_only_allow_delete|read-only \/ allow delete/i.test(error.reason);
}
