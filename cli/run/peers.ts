import type { Settings } from '../settings.ts';

/** Hosts that this tipline works with, which the responder must never block: brokers, Elasticsearch, the mail server, feeds' servers. */
export function peersOf({ config, feeds }: Settings): string[] {
  const peers: string[] = [];
  if (config.bus.kind === 'kafka') peers.push(...config.bus.brokers.map((broker) => hostOf(`kafka://${broker}`)));
  if (config.store.kind === 'elasticsearch') peers.push(...config.store.nodes.map(hostOf));
  if (config.alerting.email.smtp !== undefined) peers.push(hostOf(config.alerting.email.smtp));
  for (const { settings } of feeds)
    if ('url' in settings && typeof settings.url === 'string') peers.push(hostOf(settings.url));
  return [...new Set(peers)].filter((host) => host !== '');
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : '';
}
