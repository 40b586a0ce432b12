import { indicatorId } from '../core/indicator/id.ts';
import type { Indicator } from '../core/indicator/type.ts';

/** A small seeded generator (mulberry32): the same events on every machine and in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface BenchEvent {
  key: string;
  /** JSON text, about 450 bytes. */
  value: string;
}

export type Variant = 'new' | 'same' | 'changed';

const WORDS = ['login', 'update', 'secure', 'cdn', 'mail', 'files', 'account', 'static', 'portal', 'cloud'];

/**
 * `count` distinct indicators: 55 % IPv4, 5 % IPv6, 20 % domains, 10 % URLs, 10 % SHA-256. `same` is the same list read again a minute
 * later; `changed` says another confidence.
 */
export function makeEvents(count: number, variant: Variant, seed = 7): BenchEvent[] {
  const random = seeded(seed);
  const hex = (length: number): string => Array.from({ length }, () => Math.floor(random() * 16).toString(16)).join('');
  const word = (): string => WORDS[Math.floor(random() * WORDS.length)] ?? 'host';
  const base = Date.UTC(2026, 10, 24, 6, 0, 0);
  const collected = new Date(base + (variant === 'new' ? 0 : 60_000)).toISOString();
  const events: BenchEvent[] = [];
  for (let n = 0; n < count; n += 1) {
    const kind = random();
    let indicator: Indicator;
    // a counter in the value keeps all distinct
    if (kind < 0.55)
      indicator = {
        type: 'ip',
        value: `${20 + (n >>> 16)}.${(n >>> 8) & 255}.${n & 255}.${1 + Math.floor(random() * 250)}`,
      };
    else if (kind < 0.6)
      indicator = {
        type: 'ip',
        value: `2a00:${(1 + (n >>> 12)).toString(16)}:${(1 + (n & 4095)).toString(16)}::${(1 + Math.floor(random() * 65000)).toString(16)}`,
      };
    else if (kind < 0.8) indicator = { type: 'domain', value: `${word()}-${n.toString(36)}.${word()}.example` };
    else if (kind < 0.9)
      indicator = {
        type: 'url',
        value: `http://${word()}-${n.toString(36)}.example/${word()}/%7Euser/${hex(8)}.php?id=${n}`,
      };
    else indicator = { type: 'sha256', value: hex(64) };
    const confidence = 30 + Math.floor(random() * 70);
    const told = {
      indicator: indicator.value,
      source: `feed-${Math.floor(random() * 8)}`,
      type: indicator.type,
      confidence: variant === 'changed' ? (confidence + 1) % 101 : confidence,
      tags: ['malicious', word()],
      description: `seen by sensor ${hex(12)} in a campaign against ${word()} services`,
      reference: `https://intel.example.org/reports/${hex(16)}`,
      first_seen: new Date(base - Math.floor(random() * 40) * 86_400_000).toISOString(),
      last_seen: new Date(base - Math.floor(random() * 20) * 60_000).toISOString(),
      collected_at: collected,
      context: { port: 443, protocol: 'tcp' },
    };
    events.push({ key: indicatorId(indicator), value: JSON.stringify(told) });
  }
  return events;
}
