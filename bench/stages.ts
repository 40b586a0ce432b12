import { readFileSync } from 'node:fs';

interface CpuProfile {
  nodes: { id: number; callFrame: { url: string; functionName: string }; children?: number[] }[];
  samples: number[];
  timeDeltas: number[];
}

/** Which stage a frame belongs to, by the folder of its file; the first that fits. What fits none counts for its caller. */
const STAGES: readonly (readonly [string, RegExp])[] = [
  ['fetch', /kafkajs|bus\/kafka\/(consumer|fetch|incoming|cut|format\/)/],
  ['publish', /bus\/kafka\/(produc|publish|batch)|@platformatic/],
  ['read and parse', /enrich\/(group|steps\/)|core\/indicator\//],
  ['render', /enrich\/(document|ecs)/],
  ['steps', /enrich\/(plan|state\/|lists\/|geo\/)|maxmind|mmdb-lib/],
  ['bulk and mget', /store\/elasticsearch|@elastic|undici|hpagent|secure-json-parse/],
  ['order of a batch', /enrich\/(batch|worker|tally|dead-letters)/],
];

/** Shares of CPU by stage in a V8 profile; garbage collection and idle time are shown apart. */
export function stagesOf(path: string): [string, number][] {
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parent = new Map<number, number>();
  for (const node of nodes) for (const child of node.children ?? []) parent.set(child, node.id);
  const stageOf = (id: number | undefined): string => {
    const own = byId.get(id ?? -1)?.callFrame;
    if (own?.functionName === '(idle)') return 'idle';
    if (own?.functionName === '(garbage collector)') return 'garbage collection';
    for (let at = id; at !== undefined; at = parent.get(at)) {
      const url = byId.get(at)?.callFrame.url ?? '';
      const stage = STAGES.find(([, pattern]) => pattern.test(url));
      if (stage !== undefined) return stage[0];
    }
    return 'other';
  };
  const known = new Map<number, string>();
  const times = new Map<string, number>();
  let total = 0;
  samples.forEach((id, n) => {
    const stage = known.get(id) ?? stageOf(id);
    known.set(id, stage);
    if (stage === 'idle') return;
    const delta = timeDeltas[n] ?? 0;
    times.set(stage, (times.get(stage) ?? 0) + delta);
    total += delta;
  });
  return [...times].map(([stage, time]): [string, number] => [stage, time / total]).sort((a, b) => b[1] - a[1]);
}
