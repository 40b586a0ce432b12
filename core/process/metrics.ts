import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

/**
 * Prometheus metrics of one process. Instruments are made once at start and touched once a batch.
 * Label values must come from a closed set (topic, role, feed name of the configuration), never from feed text.
 */
export interface Metrics {
  counter(name: string, help: string, labelNames?: readonly string[]): (by: number, labels?: Labels) => void;
  gauge(name: string, help: string, labelNames?: readonly string[]): (value: number, labels?: Labels) => void;
  /** Seconds. */
  duration(name: string, help: string, labelNames?: readonly string[]): (seconds: number, labels?: Labels) => void;
  /** Text in Prometheus exposition format. */
  render(): Promise<string>;
}

const SECONDS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 120];

export function createMetrics(options: { processMetrics: boolean } = { processMetrics: false }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });

  return {
    counter(name, help, labelNames = []) {
      const counter =
        existing(registry, name, Counter) ??
        new Counter({ name, help, labelNames: [...labelNames], registers: [registry] });
      return (by, labels = {}) => {
        if (by > 0) counter.inc({ ...labels }, by);
      };
    },
    gauge(name, help, labelNames = []) {
      const gauge =
        existing(registry, name, Gauge) ??
        new Gauge({ name, help, labelNames: [...labelNames], registers: [registry] });
      return (value, labels = {}) => gauge.set({ ...labels }, value);
    },
    duration(name, help, labelNames = []) {
      const histogram =
        existing(registry, name, Histogram) ??
        new Histogram({ name, help, labelNames: [...labelNames], buckets: SECONDS, registers: [registry] });
      return (seconds, labels = {}) => histogram.observe({ ...labels }, seconds);
    },
    render: () => registry.metrics(),
  };
}

/** The instrument of that name if a second part of the process asks for it too. */
function existing<T>(registry: Registry, name: string, kind: new (...args: never[]) => T): T | undefined {
  const metric: unknown = registry.getSingleMetric(name);
  return metric instanceof kind ? metric : undefined;
}
