import { createHash } from 'node:crypto';
import {
  DOCUMENT_SCHEMA,
  type EnrichedDocument,
  type EventAction,
  type SlimClaim,
  type Status,
} from '../../core/contract/enriched-document.ts';
import { indicatorId } from '../../core/indicator/id.ts';
import type { IndicatorType } from '../../core/indicator/type.ts';
import { urlHost } from '../../core/indicator/url.ts';
import type { HistoryWrite, IndicatorWrite } from '../../store/port.ts';

/** What a sample says that tests care about; all else is filled in. Times are ISO 8601. */
export interface Sample {
  type?: IndicatorType;
  /** Canonical. */
  value?: string;
  revision?: number;
  score?: number;
  confidence?: number;
  severity?: number;
  status?: Status;
  composite?: boolean;
  sources?: readonly string[];
  tags?: readonly string[];
  action?: EventAction;
  changedAt?: string;
  firstSeen?: string;
  lastSeen?: string;
  expiresAt?: string;
  recheckAt?: string;
  /** `topic-partition-offset`. */
  origin?: string;
  claims?: readonly SlimClaim[];
}

const MOMENT = '2026-03-01T12:00:00.000Z';

/** A claim as it stands in the current document. */
export function sampleClaim(claim: Partial<SlimClaim> = {}): SlimClaim {
  return {
    source: 'sample-feed',
    ref: 'attribute-1',
    confidence: 90,
    severity: 80,
    score: 87,
    timestamp: MOMENT,
    first_seen: '2026-02-01T00:00:00.000Z',
    last_seen: MOMENT,
    expires_at: '2100-01-01T00:00:00.000Z',
    tags: ['malicious'],
    tlp: 'AMBER',
    categories: ['c2'],
    malware: ['Sample Loader'],
    description: 'Seen in a sample',
    reference: 'https://example.org/report',
    hash: 'b'.repeat(40),
    origin: 'ioc.raw-0-1',
    action: 'new',
    ...claim,
  };
}

/**
 * A valid document in every field that an indicator of its type may have, active until 2100 unless told. Its id is the right
 * one for type and value.
 */
export function sampleDocument(sample: Sample = {}): EnrichedDocument {
  const {
    type = 'ip',
    value = '192.0.2.7',
    revision = 1,
    score = 87,
    confidence = 90,
    severity = 80,
    status = 'active',
    composite = false,
    sources = ['sample-feed'],
    tags = ['malicious'],
    action = 'new',
    changedAt = MOMENT,
    firstSeen = '2026-02-01T00:00:00.000Z',
    lastSeen = MOMENT,
    expiresAt = '2100-01-01T00:00:00.000Z',
    recheckAt,
    origin = 'ioc.raw-0-1',
  } = sample;
  const source = sources[0] ?? 'sample-feed';
  const terms = { source, confidence, severity, score };
  const claim = sampleClaim({ ...terms, origin, action, expires_at: expiresAt, ...(composite && { composite }) });
  const { indicator, related } = ecsParts(type, value);
  return {
    '@timestamp': changedAt,
    event: {
      kind: 'enrichment',
      category: ['threat'],
      type: ['indicator'],
      module: 'ti_tipline',
      dataset: 'ti_tipline.indicator',
      provider: source,
      action,
      risk_score: score,
      risk_score_norm: score,
      severity,
      ingested: changedAt,
    },
    threat: {
      indicator: {
        name: value,
        first_seen: firstSeen,
        last_seen: lastSeen,
        modified_at: changedAt,
        confidence: 'High',
        provider: source,
        description: 'Seen in a sample',
        reference: 'https://example.org/report',
        marking: { tlp: 'AMBER', tlp_version: '2.0' },
        ...indicator,
      },
      feed: { name: [...sources] },
    },
    ecs: { version: '8.17.0' },
    ...(related !== undefined && { related }),
    tags: [...tags],
    tipline: {
      schema: DOCUMENT_SCHEMA,
      id: indicatorId({ type, value }),
      type,
      value,
      confidence,
      severity,
      threat_score: score,
      status,
      expires_at: expiresAt,
      ...(recheckAt !== undefined && { recheck_at: recheckAt }),
      sources: [...sources],
      composite,
      revision,
      born: 'ioc.raw-0-1',
      cause: origin,
      why: { ...terms, ref: 'attribute-1', weights: { confidence: 0.7, severity: 0.3 } },
      ...(type === 'cidr' && { ip_range: value }),
      claims: sample.claims === undefined ? [claim] : [...sample.claims],
    },
  };
}

/** The history document of one claim of `document`, with the day it belongs to. `ref` tells statements apart. */
export function sampleHistory(document: EnrichedDocument, ref = 'attribute-1', day = '2026-03-01'): HistoryWrite {
  const { claims, ...tipline } = document.tipline;
  const claim = { ...(claims[0] ?? sampleClaim()), ref, context: { port: '443' } };
  const history = {
    ...document,
    '@timestamp': `${day}T12:00:00.000Z`,
    event: { ...document.event, created: document['@timestamp'] },
    labels: { is_ioc_transform_source: 'true' },
    tipline: { ...tipline, claim },
  };
  return {
    id: createHash('sha256').update(`${claim.source}\0${ref}\0${tipline.id}\0${claim.hash}`).digest('hex').slice(0, 40),
    day,
    fallbackDay: day,
    document: Buffer.from(JSON.stringify(history)),
  };
}

/** One indicator's part of a batch: its current document and one history document unless told. */
export function sampleWrite(
  document: EnrichedDocument,
  history: readonly HistoryWrite[] = [sampleHistory(document)],
): IndicatorWrite {
  const { id, revision } = document.tipline;
  return { id, revision, current: Buffer.from(JSON.stringify(document)), history };
}

interface EcsSample {
  indicator: { type: string; [field: string]: unknown };
  related?: Record<string, string[]>;
}

/** The fields that follow from the value. */
function ecsParts(type: IndicatorType, value: string): EcsSample {
  switch (type) {
    case 'ip':
      return {
        indicator: {
          type: value.includes(':') ? 'ipv6-addr' : 'ipv4-addr',
          ip: value,
          geo: { country_iso_code: 'NL', country_name: 'Netherlands', location: { lat: 52.37, lon: 4.9 } },
          as: { number: 64500, organization: { name: 'Example Net' } },
        },
        related: { ip: [value] },
      };
    case 'cidr':
      return { indicator: { type: value.includes(':') ? 'ipv6-addr' : 'ipv4-addr' } };
    case 'domain':
      return { indicator: { type: 'domain-name', url: { domain: value } }, related: { hosts: [value] } };
    case 'url': {
      const { protocol, pathname } = new URL(value);
      const url = {
        full: value,
        original: value,
        scheme: protocol.slice(0, -1),
        domain: urlHost(value),
        path: pathname,
      };
      return { indicator: { type: 'url', url }, related: { hosts: [url.domain] } };
    }
    case 'email':
      return { indicator: { type: 'email-addr', email: { address: value } } };
    case 'md5':
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'ssdeep':
    case 'tlsh':
      return { indicator: { type: 'file', file: { hash: { [type]: value } } }, related: { hash: [value] } };
    case 'imphash':
      return { indicator: { type: 'file', file: { pe: { imphash: value } } }, related: { hash: [value] } };
    case 'asn':
      return { indicator: { type: 'autonomous-system', as: { number: Number(value.slice(2)) } } };
    case 'mac':
      return { indicator: { type: 'mac-addr' } };
    case 'mutex':
      return { indicator: { type: 'mutex' } };
    case 'registry':
      return { indicator: { type: 'windows-registry-key', registry: { path: value } } };
    case 'x509':
      return { indicator: { type: 'x509-certificate', x509: { serial_number: value } } };
    case 'cve':
      return { indicator: { type: 'artifact' } };
    default: {
      const never: never = type;
      return never;
    }
  }
}
