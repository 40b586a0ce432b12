import { strictestTlp, type Tlp } from '../../../core/contract/tlp.ts';
import { hashTypeOf } from '../../../core/indicator/hash.ts';
import { type Base, defined, describe } from './base.ts';
import { attribute, type Element, find, findAll, textAt, textsAt } from './element.ts';
import { handlingOf } from './marking.ts';
import type { Part } from './part.ts';
import type { Scope } from './scope.ts';
import { timeOf } from './times.ts';

/** What an indicator takes over from a TTP that it indicates. Short keys: kept as JSON until the document ends. */
export interface TtpFacts {
  /** Names of malware. */
  m?: string[];
  /** Kinds of malware, such as `Remote Access Trojan`. */
  k?: string[];
  /** Its title, and the attack patterns in it. */
  n?: string[];
  /** How it is marked. */
  l?: Tlp;
}

/** What several TTPs say together. */
export interface JoinedFacts {
  malware: string[];
  kinds: string[];
  titles: string[];
  tlp: Tlp | undefined;
  /** How many of them nothing is known of. */
  unknown: number;
}

export function joinFacts(all: readonly (TtpFacts | undefined)[]): JoinedFacts {
  const facts = all.filter((each) => each !== undefined);
  return {
    malware: [...new Set(facts.flatMap((each) => each.m ?? []))],
    kinds: [...new Set(facts.flatMap((each) => each.k ?? []))],
    titles: [...new Set(facts.flatMap((each) => each.n ?? []))],
    tlp: facts.map((each) => each.l).reduce(strictestTlp, undefined),
    unknown: all.length - facts.length,
  };
}

const MOST_NAMES = 10;

export function ttpFactsOf(ttp: Element): TtpFacts {
  const malware = findAll(ttp, 'Behavior', 'Malware', 'Malware_Instance');
  const names = malware.flatMap((each) => namesOf(each) ?? textsAt(ttp, 'Title'));
  const kinds = malware.flatMap((each) => textsAt(each, 'Type'));
  const patterns = findAll(ttp, 'Behavior', 'Attack_Patterns', 'Attack_Pattern').flatMap(
    (each) => textAt(each, 'Title') ?? attribute(each, 'capec_id') ?? [],
  );
  const titles = [...textsAt(ttp, 'Title'), ...patterns];
  const { tlp } = handlingOf(find(ttp, 'Handling'));
  return {
    ...(names.length > 0 ? { m: names.slice(0, MOST_NAMES) } : {}),
    ...(kinds.length > 0 ? { k: kinds.slice(0, MOST_NAMES) } : {}),
    ...(titles.length > 0 ? { n: titles.slice(0, MOST_NAMES) } : {}),
    ...(tlp === undefined ? {} : { l: tlp }),
  };
}

/** Names of malware, else titles. Some sources name each sample by its hash, which names no family. */
function namesOf(instance: Element): string[] | undefined {
  for (const field of ['Name', 'Title']) {
    const names = textsAt(instance, field).filter((name) => hashTypeOf(name) === undefined);
    if (names.length > 0) return names;
  }
  return undefined;
}

/** The observables by which a TTP characterises the attacker's own infrastructure. */
export interface Infrastructure {
  parts: readonly Part[];
  kinds: string[];
  title: string | undefined;
}

export function infrastructureOf(ttp: Element): Infrastructure | undefined {
  const told = findAll(ttp, 'Resources', 'Infrastructure');
  const parts = told.flatMap((each) => findAll(each, 'Observable_Characterization').flatMap((inside) => inside.parts));
  if (parts.length === 0) return undefined;
  return {
    parts,
    kinds: told.flatMap((each) => textsAt(each, 'Type')),
    title: textAt(ttp, 'Title') ?? told.flatMap((each) => textAt(each, 'Title') ?? [])[0],
  };
}

export function baseOfInfrastructure(ttp: Element, { kinds, title }: Infrastructure, scope: Scope): Base {
  const id = attribute(ttp, 'id');
  const single = id === undefined ? undefined : scope.tlpById.get(id);
  const { tlp } = handlingOf(find(ttp, 'Handling'));
  return defined({
    ref: id,
    timestamp: timeOf(attribute(ttp, 'timestamp')) ?? scope.timestamp,
    tlp: [scope.tlp, single, tlp].reduce(strictestTlp, undefined),
    description: describe(title, textAt(ttp, 'Description')),
    categories: ['infrastructure', ...kinds],
    reference: scope.reference,
    context: defined({ producer: scope.producer, package: scope.id }),
  });
}
