import type { Bus } from '../bus/port.ts';
import { createHealth } from '../core/process/health.ts';
import { createLog, type LogLevel } from '../core/process/log.ts';
import { createMetrics } from '../core/process/metrics.ts';
import { noSeam } from '../core/process/seam.ts';
import type { WorkerContext } from '../core/process/worker-context.ts';
import type { Store } from '../store/port.ts';
import { type Opening, openBus, openStore } from './ports.ts';
import { readSettings, type Settings } from './settings.ts';

/** Options that every command has. */
export interface CommonOptions {
  config?: string;
  json?: boolean;
  logLevel?: LogLevel;
}

/** What a short command works with; ports are opened when they are asked for and closed at the end. */
export interface Session {
  readonly settings: Settings;
  readonly context: WorkerContext;
  bus(): Promise<Bus>;
  store(): Promise<Store>;
}

/** Runs a short command: opens what it asks for, closes it whatever happens, and answers with its exit code. */
export async function withSession(
  options: CommonOptions,
  work: (session: Session) => Promise<number>,
  opening: Opening = { urgent: true },
): Promise<number> {
  const settings = readSettings(options.config);
  const context: WorkerContext = {
    log: createLog(options.logLevel ?? 'warn'),
    health: createHealth(),
    metrics: createMetrics(),
    seam: noSeam,
  };
  let bus: Promise<Bus> | undefined;
  let store: Promise<Store> | undefined;
  try {
    return await work({
      settings,
      context,
      bus: () => {
        bus ??= openBus(settings, context, opening);
        return bus;
      },
      store: () => {
        store ??= openStore(settings, context, opening);
        return store;
      },
    });
  } finally {
    await (await settle(bus))?.close();
    await (await settle(store))?.close();
  }
}

/** The same for a command that only asks: it makes nothing, neither file nor folder. */
export function askSession(options: CommonOptions, work: (session: Session) => Promise<number>): Promise<number> {
  return withSession(options, work, { asking: true });
}

/** A port that could not be opened has nothing to close. */
async function settle<T>(opened: Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await opened;
  } catch {
    return undefined;
  }
}
