import { existsSync } from 'node:fs';
import { type Ledger, ledgerPath, openLedger } from '../responder/ledger/ledger.ts';
import type { Settings } from './settings.ts';

/** The ledger of this configuration's responder, if it has run on this machine. */
export function openExistingLedger(settings: Settings): Ledger | undefined {
  const path = ledgerPath(settings.data, settings.responderName);
  return existsSync(path) ? openLedger(path) : undefined;
}
