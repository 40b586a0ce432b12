import { shipped } from './paths.ts';
import type { Settings } from './settings.ts';

/** The folders with warning lists: the shipped ones unless they are switched off, and the operator's. */
export function warningListFolders({ config }: Settings): string[] {
  const { folder, shipped: own } = config.enrich.warning_lists;
  return [...(own === 'on' ? [shipped('rules', 'warning-lists')] : []), ...(folder === undefined ? [] : [folder])];
}
