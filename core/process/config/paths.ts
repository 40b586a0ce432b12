import type { Config } from './sections.ts';

/**
 * The configuration with every file that it names as an absolute path. Not `data`, which the shipped example keeps in the working
 * folder, and not the feeds, whose sections are checked by their own types.
 */
export function withAbsolutePaths(config: Config, resolvePath: (path: string) => string): Config {
  const { bus, store, enrich, alerting, responder } = config;
  return {
    ...config,
    ...(config.catalogue === undefined ? {} : { catalogue: resolvePath(config.catalogue) }),
    bus: bus.kind === 'kafka' && typeof bus.tls === 'object' ? { ...bus, tls: absolute(bus.tls, resolvePath) } : bus,
    store: store.kind === 'elasticsearch' && store.ca !== undefined ? { ...store, ca: resolvePath(store.ca) } : store,
    enrich: {
      ...enrich,
      allow: enrich.allow.map(resolvePath),
      geo: { ...absolute(enrich.geo, resolvePath), default: enrich.geo.default },
      warning_lists:
        enrich.warning_lists.folder === undefined
          ? enrich.warning_lists
          : { ...enrich.warning_lists, folder: resolvePath(enrich.warning_lists.folder) },
      ...(enrich.severity_rules === undefined ? {} : { severity_rules: resolvePath(enrich.severity_rules) }),
    },
    alerting: {
      ...alerting,
      email: {
        ...alerting.email,
        ...(alerting.email.ca === undefined ? {} : { ca: resolvePath(alerting.email.ca) }),
      },
    },
    responder: { ...responder, never_block: responder.never_block.map(resolvePath) },
  };
}

function absolute<T extends Record<string, string | undefined>>(paths: T, resolvePath: (path: string) => string): T {
  const entries = Object.entries(paths).map(([key, path]) => [key, path === undefined ? path : resolvePath(path)]);
  return Object.fromEntries(entries) as T;
}
