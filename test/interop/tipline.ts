import { stringify } from 'yaml';
import { openEmbeddedBus } from '../../bus/embedded/bus.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TOPICS } from '../../core/contract/topics.ts';
import { createHealth } from '../../core/process/health.ts';
import { silentLog } from '../../core/process/log.ts';
import { openFolder } from '../e2e/folder.ts';
import { PASSWORD, USER } from './server.ts';

/** What one run of tipline published. */
export interface Collected {
  records: RawIndicator[];
  /** Its log: warnings, with what was left out. */
  log: string;
  seconds: number;
}

/** A tipline of its own, on the embedded bus, with one feed. */
export interface Tipline {
  /** `tipline run ingest --once`. Throws unless that ends well. */
  collect(): Promise<Collected>;
  close(): void;
}

export function openTipline(feed: Record<string, unknown>): Tipline {
  const folder = openFolder();
  const section = { name: 'peer', every: '1h', username: USER, password: PASSWORD, ...feed };
  const config = { data: './data', http: { listen: 'off' }, log: 'warn', feeds: [section] };
  const file = folder.write('tipline.yaml', stringify(config));
  let known = 0;

  return {
    async collect() {
      const began = performance.now();
      const args = ['run', 'ingest', '--once', '--json', '--feed', 'peer', '--config', file];
      const { code, stdout, stderr } = await folder.run(args);
      const seconds = (performance.now() - began) / 1000;
      if (code !== 0) throw new Error(`tipline ended with ${code}:\n${stdout}\n${stderr.slice(-4000)}`);
      const bus = openEmbeddedBus({ data: `${folder.path}/data`, log: silentLog, health: createHealth() });
      try {
        const records: RawIndicator[] = [];
        for await (const { value, offset } of bus.scan(TOPICS.raw)) {
          if (offset >= known) records.push(JSON.parse(value.toString()) as RawIndicator);
        }
        known += records.length;
        return { records, log: stderr, seconds };
      } finally {
        await bus.close();
      }
    },
    close: () => folder.close(),
  };
}
