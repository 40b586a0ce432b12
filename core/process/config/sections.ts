import { z } from 'zod';
import { parsePrefix } from '../../indicator/address.ts';
import { canonicalise } from '../../indicator/canonical.ts';
import { canonicalDomain } from '../../indicator/domain.ts';
import { inferType } from '../../indicator/infer.ts';
import { INDICATOR_TYPES } from '../../indicator/type.ts';
import { LOG_LEVELS } from '../log.ts';
import { notReached, reached } from './hosts.ts';
import { duration, hostPort, listenAddress, name, names, percent, size } from './values.ts';

/** Where the status page listens unless the operator says otherwise. */
export const DEFAULT_LISTEN = '127.0.0.1:9600';

const tls = z.strictObject({
  /** PEM file of the authority that signed the server's certificate. */
  ca: z.string().optional(),
  cert: z.string().optional(),
  key: z.string().optional(),
});

/** How a Kafka is reached: that of tipline itself, and those that feeds read. */
export const kafkaKeys = {
  brokers: z.array(reached(hostPort())).min(1),
  client_id: name.default('tipline'),
  tls: z.union([z.boolean(), tls]).default(false),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string().min(1),
      password: z.string().min(1),
    })
    .optional(),
};

const kafkaReach = z.strictObject(kafkaKeys);
export type KafkaReach = z.output<typeof kafkaReach>;

const SECRET =
  'must be a secret of at least 32 characters, such as "openssl rand -hex 32" gives, from the environment or a file';
const signingKey = z.string({ error: SECRET }).min(32, SECRET);

/** Signatures on what tipline publishes, for topics that others may write to: all processes have the same key. */
const signing = z.union([
  signingKey.transform((key) => ({ key, before: [] as string[] })),
  /** `before`: keys of before, still believed, no longer used. */
  z.strictObject({ key: signingKey, before: z.array(signingKey).max(10).default([]) }),
]);

export const busSection = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('embedded'), sign: signing.optional() }),
  z.strictObject({
    kind: z.literal('kafka'),
    sign: signing.optional(),
    brokers: kafkaKeys.brokers,
    client_id: kafkaKeys.client_id,
    /** Put before every topic and group name, for several tiplines on one Kafka. */
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9._-]{0,40}$/, 'must be letters, digits, dot, dash or underscore, at most 40')
      .default(''),
    tls: kafkaKeys.tls,
    sasl: kafkaKeys.sasl,
    /** Partitions and copies of a topic that tipline creates. */
    partitions: z.int().min(1).max(1000).default(4),
    replication: z.int().min(1).max(10).default(1),
    create_topics: z.boolean().default(true),
    compression: z.enum(['none', 'gzip', 'zstd']).default('none'),
  }),
]);

export const storeSection = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('embedded') }),
  z.strictObject({
    kind: z.literal('elasticsearch'),
    nodes: z.array(reached(z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }))).min(1),
    api_key: z.string().min(1).optional(),
    username: z.string().min(1).optional(),
    password: z.string().min(1).optional(),
    ca: z.string().optional(),
    /** Put before every index and template name; for tests and for several tiplines on one cluster. */
    prefix: z
      .string()
      .regex(/^[a-z0-9_-]{0,40}$/, 'must be small letters, digits, dash or underscore, at most 40')
      .default(''),
    shards: z.int().min(1).max(50).default(1),
    replicas: z.int().min(0).max(10).default(1),
    refresh_interval: z
      .string()
      .regex(/^(-1|\d+(ms|s|m))$/, 'must be a time such as 500ms, 5s or 1m, or -1 for never')
      .default('5s'),
    request_timeout: duration.default(30_000),
  }),
]);

/** A domain, an address or a CIDR of the operator. */
export const ownEntry = notReached(
  z
    .string()
    .max(253)
    .refine((text) => parsePrefix(text) !== undefined || canonicalDomain(text) !== undefined, {
      error: 'must be a domain such as example.org, an address, or a network such as 192.0.2.0/24',
    }),
);

/** The keys that every feed has; each feed type adds its own in ingest/feeds. */
export const feedSection = z.looseObject({
  // these two stand for the command line and for writers whom nobody vouches for
  name: name.refine((text) => text !== 'external' && text !== 'operator', 'must not be external or operator'),
  type: z.string(),
  confidence: z.unknown().optional(),
  severity: percent.optional(),
  tags: names.default([]),
  tlp: z.string().optional(),
  trust_source: z.boolean().optional(),
  may_block: z.boolean().optional(),
  enabled: z.boolean().default(true),
});

/** A feed of the catalogue, and keys that go before those it has there. What the two make together is checked like any other feed. */
const usedFeed = z.looseObject({ use: z.string().min(1).max(63) });

/** No default may be filled in for a feed of the catalogue: it would go before what the catalogue says. */
const feedEntry = z.unknown().transform((entry, context) => {
  const used = typeof entry === 'object' && entry !== null && 'use' in entry;
  const parsed = used ? usedFeed.safeParse(entry) : feedSection.safeParse(entry);
  if (parsed.success) return parsed.data;
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message });
  return z.NEVER;
});

const ITEM = 'must be an address, network, domain, URL, e-mail address or hash';

/** A value as `enrich` reads it, by its looks. */
const indicatorText = z
  .string()
  .max(4_096)
  .refine((text) => canonicalise(text, inferType(text)).ok, ITEM);

const warningLists = z.strictObject({
  /** The operator's lists, beside the shipped ones. */
  folder: z.string().min(1).optional(),
  shipped: z.enum(['on', 'off']).default('on'),
  /** Values that no list makes harmless. */
  except: z.array(indicatorText).max(10_000).default([]),
  /** Feeds whose word stands against every list. */
  except_feeds: z.array(name).max(1_000).default([]),
  /** Lists that do not count, by their name or that of their folder. */
  except_lists: z.array(z.string().min(1).max(200)).max(1_000).default([]),
  /** Lists whose hosts hold nobody else's content: all URLs on them are harmless. */
  whole_hosts: z.array(z.string().min(1).max(200)).max(1_000).default([]),
});

export type WarningListsConfig = z.output<typeof warningLists>;

export const enrichSection = z.strictObject({
  weights: z
    .strictObject({ confidence: z.number().min(0).max(1), severity: z.number().min(0).max(1) })
    .refine(
      (weights) => Math.round((weights.confidence + weights.severity) * 1000) === 1000,
      'weights must add up to 1',
    )
    .default({ confidence: 0.7, severity: 0.3 }),
  geo: z
    .strictObject({
      /** MaxMind files; `country` may stand in for `city`. `off` switches the shipped country database off too. */
      city: z.string().optional(),
      country: z.string().optional(),
      asn: z.string().optional(),
      default: z.enum(['on', 'off']).default('on'),
    })
    .default({ default: 'on' }),
  allow: z.array(z.string()).default([]),
  /** A folder alone, or a section. */
  warning_lists: z
    .preprocess((told) => (typeof told === 'string' ? { folder: told } : told), warningLists)
    .prefault({}),
  severity_rules: z.string().optional(),
  lifetimes: z.partialRecord(z.enum(INDICATOR_TYPES), duration).default({}),
  /** Memory for what is known to be unchanged. */
  cache: size.default(32 * 1024 ** 2),
  batch: z.int().min(1).max(10_000).default(500),
  sweep_every: duration.default(30_000),
});

export const alertingSection = z.strictObject({
  /** Strictly above. */
  threshold: percent.default(80),
  repeat_after: duration.default(86_400_000),
  first_wait: duration.default(30_000),
  quiet: duration.default(600_000),
  max_rows: z.int().min(1).max(1000).default(50),
  email: z
    .strictObject({
      /** smtp://user:password@host:port or smtps://…; without it mails are written to data/mail. */
      smtp: reached(
        z
          .string()
          .regex(/^smtps?:\/\//, 'must begin with smtp:// or smtps://')
          .optional(),
        [],
      ),
      from: z.string().min(3).max(320),
      to: z.array(z.string().min(3).max(320)).min(1).max(50),
      /** PEM file of the authority that signed the mail server's certificate. */
      ca: z.string().optional(),
      /** `required`: refuse to send without TLS. Loopback servers may go without. */
      tls: z.enum(['required', 'opportunistic']).default('required'),
      timeout: duration.default(20_000),
    })
    .default({ from: 'tipline@localhost', to: ['security@localhost'], tls: 'required', timeout: 20_000 }),
});

export const responderSection = z.strictObject({
  name: name.optional(),
  mode: z.enum(['dry-run', 'enforce']).default('dry-run'),
  backend: z.enum(['nftables']).default('nftables'),
  min_confidence: percent.default(80),
  min_score: percent.default(0),
  max_age: duration.default(86_400_000),
  tags: names.default(['malicious']),
  block_for: duration.default(86_400_000),
  never_block: z.array(z.string()).default([]),
  max_active: z.int().min(1).max(1_000_000).default(200_000),
  max_new_per_minute: z.int().min(1).max(100_000).default(500),
  /** Of IPv4; and as many /64 networks of IPv6. */
  max_addresses: z
    .int()
    .min(1)
    .max(2 ** 32)
    .default(1_000_000),
  max_prefix_v4: z.int().min(1).max(32).default(20),
  max_prefix_v6: z.int().min(1).max(128).default(40),
  hold: duration.default(86_400_000),
  chains: z
    .array(z.enum(['input', 'forward', 'output']))
    .min(1)
    .default(['input', 'forward', 'output']),
});

export const retentionSection = z.strictObject({
  history: duration.default(90 * 86_400_000),
  expired: duration.default(180 * 86_400_000),
  raw: duration.default(7 * 86_400_000),
  enriched: duration.default(3 * 86_400_000),
  actions: duration.default(90 * 86_400_000),
  dead_letters: duration.default(30 * 86_400_000),
});

export const httpSection = z.strictObject({
  /** Where /healthz, /readyz and /metrics answer; port 0 takes a free one, `off` answers nowhere. */
  listen: z.union([z.literal('off'), listenAddress], { error: 'must be host:port, or off' }).default(DEFAULT_LISTEN),
  /** Host names under which the page may be asked for, besides localhost and its address. */
  hosts: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,253}$/, 'must be a host name without a port'))
    .max(100)
    .default([]),
});

const diskSection = z.strictObject({
  /** With less free in the data folder, feeds wait and what is sent here is not read; of embedded bus and store. */
  low_water: size.default(64 * 1024 ** 2),
  /** Kept back for what takes things away: unblock, allow, feeds release. */
  reserve: size.default(16 * 1024 ** 2),
});

/** What an operator may write, section by section. Every key has a default or is refused with what is allowed. */
export const configSchema = z.strictObject({
  data: z.string().default('./data'),
  disk: diskSection.prefault({}),
  bus: busSection.prefault({ kind: 'embedded' }),
  store: storeSection.default({ kind: 'embedded' }),
  feeds: z.array(feedEntry).default([]),
  /** A file with feeds of your own, laid over the shipped catalogue. */
  catalogue: z.string().min(1).optional(),
  /** Domains and networks of your own: a list that names one is held back. */
  own: z.array(ownEntry).max(10_000).default([]),
  enrich: enrichSection.prefault({}),
  alerting: alertingSection.prefault({}),
  responder: responderSection.prefault({}),
  retention: retentionSection.prefault({}),
  http: httpSection.prefault({}),
  log: z.enum(LOG_LEVELS).default('info'),
});

export type Config = z.output<typeof configSchema>;
export type KafkaConfig = Extract<Config['bus'], { kind: 'kafka' }>;
export type ElasticsearchConfig = Extract<Config['store'], { kind: 'elasticsearch' }>;
export type EnrichConfig = z.output<typeof enrichSection>;
export type AlertingConfig = z.output<typeof alertingSection>;
export type ResponderConfig = z.output<typeof responderSection>;
export type RetentionConfig = z.output<typeof retentionSection>;
