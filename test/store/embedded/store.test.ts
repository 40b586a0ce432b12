import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { createHealth } from '../../../core/process/health.ts';
import { silentLog } from '../../../core/process/log.ts';
import { openEmbeddedStore } from '../../../store/embedded/store.ts';
import { storeContract } from '../store-contract.ts';

const data = mkdtempSync(join(tmpdir(), 'tipline-store-'));
after(() => rm(data, { recursive: true }));

storeContract('embedded', async () => {
  const store = openEmbeddedStore({ data, log: silentLog, health: createHealth() });
  return { store, close: () => store.close() };
});
