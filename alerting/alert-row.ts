import type { EnrichedDocument, Geo, SlimClaim } from '../core/contract/enriched-document.ts';
import type { AlertRow } from '../store/port.ts';

/** Caps of what is kept of one indicator: a mail shows no more, and the outbox must not grow with what a feed sends. */
const CAPS = { value: 2048, name: 120, description: 400, list: 12 } as const;

/**
 * What a mail says of an indicator, taken from its document and the claim that makes it alertable.
 * Text is capped but otherwise as the feeds gave it: cleaning and escaping belong to where it is shown.
 */
export function alertOf(document: EnrichedDocument, claim: SlimClaim, again: boolean): AlertRow {
  const { tipline, threat } = document;
  const { indicator } = threat;
  const row: AlertRow = {
    id: tipline.id,
    type: tipline.type,
    value: tipline.value.slice(0, CAPS.value),
    threat_score: claim.score,
    confidence: claim.confidence,
    severity: claim.severity,
    sources: sourcesOf(tipline.sources, claim.source),
    tags: texts(document.tags, claim.tags ?? []),
    why: explain(document, claim),
    again,
  };
  const country = placeOf(indicator.geo);
  const as = indicator.as;
  const optional: Partial<AlertRow> = {
    ...given('feed', claim.feed),
    ...(claim.outside === true && { outside: true }),
    ...(country !== undefined && { country }),
    ...(typeof as?.number === 'number' && { as: `AS${as.number} ${text(as.organization?.name) ?? ''}`.trim() }),
    ...given('first_seen', indicator.first_seen),
    ...given('last_seen', indicator.last_seen ?? claim.last_seen),
    ...given('expires_at', tipline.expires_at),
    ...given('tlp', indicator.marking?.tlp ?? claim.tlp),
    ...given('description', claim.description ?? indicator.description, CAPS.description),
    ...(claim.malware !== undefined && { malware: texts(claim.malware, []) }),
  };
  return Object.assign(row, optional);
}

/** The source that gives the score first. */
function sourcesOf(all: unknown, first: string): string[] {
  const others: readonly unknown[] = Array.isArray(all) ? all : [];
  return texts([first, ...others.filter((source) => source !== first)], []);
}

/** `0.7 × confidence 95 + 0.3 × severity 88 = 92, rounded down`: our own words and numbers alone. */
function explain(document: EnrichedDocument, claim: SlimClaim): string {
  const confidence = Math.round(Number(document.tipline.why.weights.confidence) * 1000);
  const severity = Math.round(Number(document.tipline.why.weights.severity) * 1000);
  const derived = claim.severity_derived === true ? ' (by rule)' : '';
  const rounded = (confidence * claim.confidence + severity * claim.severity) % 1000 === 0 ? '' : ', rounded down';
  return (
    `${confidence / 1000} × confidence ${claim.confidence} + ${severity / 1000} × severity ${claim.severity}${derived}` +
    ` = ${claim.score}${rounded}`
  );
}

/** `Amsterdam, Netherlands (NL)`, as much of it as is known. */
function placeOf(geo: Geo | null | undefined): string | undefined {
  if (geo === undefined || geo === null) return undefined;
  const country = text(geo.country_name);
  const code = text(geo.country_iso_code);
  const land = country === undefined ? code : code === undefined ? country : `${country} (${code})`;
  const place = [text(geo.city_name), land].filter((part) => part !== undefined).join(', ');
  return place === '' ? undefined : place;
}

// The topic's JSON has been checked only where decisions depend on it, so what is shown is checked here.
function text(value: unknown, cap: number = CAPS.name): string | undefined {
  return typeof value === 'string' && value !== '' ? value.slice(0, cap) : undefined;
}

function texts(values: unknown, otherwise: readonly string[]): string[] {
  const list: readonly unknown[] = Array.isArray(values) ? values : otherwise;
  return list
    .slice(0, CAPS.list)
    .map((value) => text(value))
    .filter((value) => value !== undefined);
}

function given<K extends keyof AlertRow>(key: K, value: unknown, cap?: number): { [P in K]?: string } {
  const shown = text(value, cap);
  const field: { [P in K]?: string } = {};
  if (shown !== undefined) field[key] = shown;
  return field;
}
