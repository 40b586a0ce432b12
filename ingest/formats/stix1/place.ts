/**
 * What an observable that no indicator holds is worth. An indicator is a statement that something is hostile; an observable is only something
 * that was seen, and may well be the victim's. So, by where it stands:
 *
 * - `infrastructure`: a TTP characterises the attacker's own infrastructure by it. The source says whose it is, so it is an indicator.
 * - `victim`: what was attacked (Victim_Targeting, Affected_Assets, a victim, affected software). Never made into a record; counted.
 * - `bare`: in the Observables of a package or a report. If an indicator or an infrastructure refers to it, it speaks there; what a victim
 *   refers to is dropped. What nobody refers to is taken like `observed`, unless the feed's owner trusts this source to send indicators so.
 * - `observed`: of an incident, a sighting, a course of action or anything else.
 *
 * What was only observed has the tag `observable` and confidence 0, and is marked composite: it can be found, and nothing is ever alerted,
 * blocked or matched by it alone.
 */
export type Place = 'infrastructure' | 'victim' | 'bare' | 'observed';

const VICTIMS: ReadonlySet<string> = new Set([
  'Affected_Asset',
  'Affected_Assets',
  'Affected_Software',
  'Victim',
  'Victim_Targeting',
]);
const PACKAGES: ReadonlySet<string> = new Set(['STIX_Package', 'Package', 'Report']);

/** `path`: local names of the elements around the observable, the outermost first. */
export function placeOf(path: readonly string[]): Place {
  if (path.some((name) => VICTIMS.has(name))) return 'victim';
  if (path.at(-1) === 'Observable_Characterization' && path.at(-2) === 'Infrastructure') return 'infrastructure';
  const outer = path.at(-2);
  const listed = path.at(-1) === 'Observables' && (outer === undefined || PACKAGES.has(outer));
  return listed ? 'bare' : 'observed';
}
