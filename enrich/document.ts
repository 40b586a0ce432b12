import { DOCUMENT_SCHEMA, type EventAction, type Particulars, type Why } from '../core/contract/enriched-document.ts';
import { isoOf } from '../core/contract/told-time.ts';
import type { Indicator } from '../core/indicator/type.ts';
import { confidenceWord, ecsParts } from './ecs/parts.ts';
import type { GeoFragments } from './geo/lookup.ts';
import type { Sheet } from './sheet.ts';
import { slimText } from './state/claim.ts';
import type { Derived, JudgedClaim } from './state/derive.ts';
import type { Weights } from './state/score.ts';
import { contextOf } from './steps/context.ts';
import type { Report } from './steps/report.ts';

/** The ECS version whose fields are written. */
export const ECS_VERSION = '8.17.0';

/** What a rendering needs beside the state. Times are ISO 8601. */
export interface Rendering {
  id: string;
  indicator: Indicator;
  derived: Derived;
  /** The warning list that knows the value as harmless. */
  benign: string | undefined;
  firstSeen: string;
  geo: GeoFragments;
  weights: Weights;
  life: number;
  revision: number;
  born: string;
  cause: string;
  /** What the newest change was, and whose. */
  action: EventAction;
  provider: string;
  changedAt: string;
}

/**
 * A document as JSON text in two halves: what history and current have in common is made once, by putting text together; parsing and
 * spreading objects costs five times as much.
 */
export interface Rendered {
  /** The current document, also the value on `ioc.enriched`. */
  current: Buffer;
  /** The history document of one claim. */
  history(report: Report, judged: JudgedClaim, action: EventAction): Buffer;
}

const quote = JSON.stringify;

export function render(sheet: Sheet, about: Rendering): Rendered {
  const { derived, indicator, changedAt } = about;
  const { winner } = derived;
  const known = winner.claim.particulars;
  const parts = ecsParts(indicator, known);
  const claims = derived.judged.map((judged) => ({
    origin: judged.claim.origin,
    text: slimText(judged.claim, judged, isoOf(judged.expiresAt)),
  }));

  const event =
    '"event":{"kind":"enrichment","category":["threat"],"type":["indicator"],"module":"ti_tipline","dataset":"ti_tipline.indicator",' +
    `"ingested":"${changedAt}","risk_score":${derived.score},"risk_score_norm":${derived.score},"severity":${winner.severity}`;

  let threat = `"threat":{"indicator":{${parts.indicator},"first_seen":"${about.firstSeen}","last_seen":"${derived.lastSeen}","modified_at":"${winner.claim.timestamp}","confidence":"${confidenceWord(winner.claim.confidence)}","provider":${quote(winner.claim.source)}`;
  const id = known?.object_id ?? winner.claim.ref;
  if (id !== '') threat += `,"id":[${quote(id)}]`;
  if (known?.port !== undefined) threat += `,"port":${known.port}`;
  if (known?.sightings !== undefined) threat += `,"sightings":${known.sightings}`;
  if (winner.claim.description !== '') threat += `,"description":${quote(winner.claim.description)}`;
  if (winner.claim.reference !== '') threat += `,"reference":${quote(winner.claim.reference)}`;
  if (derived.tlp !== undefined) threat += `,"marking":{"tlp":"${derived.tlp}","tlp_version":"2.0"}`;
  if (about.geo.geo !== '') threat += `,"geo":${about.geo.geo}`;
  // an ASN indicator says itself which network it is
  if (about.geo.as !== '' && indicator.type !== 'asn') threat += `,"as":${about.geo.as}`;
  threat += `},"feed":{"name":${quote(derived.sources)}}`;
  if (derived.malware.length > 0) threat += `,"software":{"name":${quote(derived.malware)}}`;
  threat += '}';

  let rest = `${threat},"ecs":{"version":"${ECS_VERSION}"}`;
  if (parts.related !== '') rest += `,"related":{${parts.related}}`;
  if (derived.tags.length > 0) rest += `,"tags":${quote(derived.tags)}`;

  let own =
    `"tipline":{"schema":${DOCUMENT_SCHEMA},"id":"${about.id}","type":"${indicator.type}","value":${quote(indicator.value)},` +
    `"confidence":${winner.claim.confidence},"severity":${winner.severity},"threat_score":${derived.score},"status":"${derived.status}",` +
    `"expires_at":"${isoOf(derived.expiresAt)}"`;
  if (derived.recheckAt !== undefined) own += `,"recheck_at":"${isoOf(derived.recheckAt)}"`;
  if (about.benign !== undefined) own += `,"benign":${quote(about.benign)}`;
  own +=
    `,"sources":${quote(derived.sources)},"composite":${derived.composite},"life":${about.life},"revision":${about.revision},"born":"${about.born}",` +
    `"cause":"${about.cause}","why":${quote(whyOf(derived, about.weights))}${parts.own}`;

  return {
    current: sheet.write(
      `{"@timestamp":"${changedAt}",${event},"provider":${quote(about.provider)},"action":"${about.action}"${eventId(known)}},${rest},${own},"claims":[${claims.map(({ text }) => text).join(',')}]}}`,
    ),
    history(report, judged, action) {
      // the claim's text is the same in both, unless the state did not keep it
      const text =
        claims.find(({ origin }) => origin === judged.claim.origin)?.text ??
        slimText(judged.claim, judged, isoOf(judged.expiresAt));
      const context = contextOf(report.told);
      const claim = context === undefined ? text : `${text.slice(0, -1)},"context":${quote(context)}}`;
      return sheet.write(
        `{"@timestamp":"${report.claim.timestamp}",${event},"provider":${quote(report.claim.source)},"action":"${action}",` +
          `"created":"${isoOf(report.collectedAt)}"${eventId(report.claim.particulars)}},"labels":{"is_ioc_transform_source":"true"},${rest},${own},"claim":${claim}}}`,
      );
    },
  };
}

/** The report that a statement stands in. */
function eventId(known: Particulars | undefined): string {
  return known?.event_id === undefined ? '' : `,"id":${quote(known.event_id)}`;
}

function whyOf(derived: Derived, weights: Weights): Why {
  const { winner } = derived;
  const why: Why = {
    ...(winner.claim.feed === '' ? {} : { feed: winner.claim.feed }),
    ...(winner.claim.outside ? { outside: true as const } : {}),
    source: winner.claim.source,
    confidence: winner.claim.confidence,
    severity: winner.severity,
    score: winner.score,
    weights: { confidence: weights.confidence / 1000, severity: weights.severity / 1000 },
  };
  if (winner.claim.ref !== '') why.ref = winner.claim.ref;
  if (winner.claim.severity === undefined) why.severity_derived = true;
  if (derived.allowedBy !== undefined) why.allowed_by = derived.allowedBy;
  return why;
}
