import { LIST_NOTES } from './feeds-page-prose.ts';

/** What a type of feed is in one sentence, the least that makes it work, and what its keys do not say. */
export interface FeedExample {
  readonly about: string;
  readonly yaml: string;
  readonly notes?: string;
}

interface Group {
  readonly group: string;
  readonly feeds: ReadonlyMap<string, FeedExample>;
}

const OWN_FORM =
  '[`raw-indicator.schema.json`](../core/contract/schema/raw-indicator.schema.json), where `indicator` alone is enough';

const FILES = new Map<string, FeedExample>([
  [
    'file',
    {
      about:
        'Files in the form of tipline itself: JSON lines, one JSON array or one JSON object. They are followed as they grow.',
      yaml: `
feeds:
  - name: drop-folder
    type: file
    path: ["/data/threat_intel/*.json", "/data/threat_intel/*.jsonl"]
    tags: [malicious]`,
      notes: `
The form is ${OWN_FORM}. Files are read from the
beginning and then followed; renamed and rotated files are read to their end, a last line without its end waits.`,
    },
  ],
  [
    'directory',
    {
      about:
        'A folder to drop files of any known format into; each is recognised by its content, read once and moved away.',
      yaml: `
feeds:
  - name: inbox
    type: directory
    path: /data/inbox
    confidence: 60`,
      notes: `
STIX 2 and 1, MISP, tables, lists, Zeek, hosts, iprep, text, pages and tipline's own form, packed with gzip or not. A file whose records are all on the bus is
moved to the folder \`done\` in it, one that cannot be read to \`failed\`, with the reason in a file beside it.`,
    },
  ],
  [
    'stix-file',
    {
      about:
        'Files of STIX 2 (bundles, envelopes) and STIX 1 (packages), each of which is read whenever it has changed.',
      yaml: `
feeds:
  - name: reports
    type: stix-file
    path: "/data/stix/*.json"`,
      notes: `
Such a file is a log of statements and not a list: each holds until the time that it names, until its type's lifetime has passed, or until it is revoked. A document that shrinks,
is empty or is gone takes nothing back, so it is not judged beside the one before, and the checks of [whole lists](#whole-lists) are not made. What it says of your own networks
is for the allow list and the responder's guard to stop, or for \`exclude\`. With \`snapshot: true\` what is missing does expire, a day after the file was last read whole with it,
and nobody asks whether so much can be right: set it only where each file is always written whole.
`,
    },
  ],
  [
    'misp-file',
    {
      about:
        'Files of MISP events or attributes in any shape that MISP exports, each of which is read whenever it has changed.',
      yaml: `
feeds:
  - name: misp-exports
    type: misp-file
    path: "/data/misp/*.json"`,
      notes:
        'Such files are not judged as a whole before they are published, and what is missing from one means nothing, for the [reasons](#stix-file) that hold for STIX.',
    },
  ],
]);

const LISTS = new Map<string, FeedExample>([
  [
    'http-list',
    {
      about:
        'A list or document behind a URL, in any known format, compressed or not; it is only fetched when it has changed, if the server can tell.',
      yaml: `
feeds:
  - name: partner
    type: http-list
    url: https://partner.example.org/bad.txt`,
      notes: LIST_NOTES,
    },
  ],
]);

const SERVERS = new Map<string, FeedExample>([
  [
    'taxii2',
    {
      about: 'Collections of a TAXII 2.1 or 2.0 server, with the STIX 2 objects in them.',
      yaml: `
feeds:
  - name: isac
    type: taxii2
    url: https://taxii.example.org/taxii2/
    username: tipline
    password: "\${TAXII_PASSWORD}"`,
    },
  ],
  [
    'taxii1',
    {
      about: 'Collections of a TAXII 1.0 or 1.1 server, with the STIX 1 packages in them.',
      yaml: `
feeds:
  - name: hub
    type: taxii1
    url: https://taxii.example.org/taxii-discovery-service`,
    },
  ],
  [
    'misp',
    {
      about:
        'A MISP server, by its REST API: what its events say that an account may read. What was deleted is withdrawn. What was removed outright is only missing: the modes `event` and `index`, which read events whole, withdraw it when they read its event again.',
      yaml: `
feeds:
  - name: misp
    type: misp
    url: https://misp.example.org
    api_key: "\${MISP_KEY}"`,
    },
  ],
  [
    'misp-feed',
    {
      about:
        'A feed that a MISP publishes: a folder on a web server with manifest.json and a file for each event. What a changed event says no longer is withdrawn; what an event that left the manifest said expires by itself.',
      yaml: `
feeds:
  - name: misp-feed
    type: misp-feed
    url: https://feeds.example.org/misp/`,
    },
  ],
  [
    'otx',
    {
      about: "Pulses that an account of AlienVault's Open Threat Exchange is subscribed to.",
      yaml: `
feeds:
  - name: otx
    type: otx
    api_key: "\${OTX_KEY}"`,
    },
  ],
]);

const ABUSE_CH = new Map<string, FeedExample>([
  [
    'threatfox',
    {
      about: 'ThreatFox: addresses with ports, domains, URLs and hashes of malware.',
      yaml: `
feeds:
  - name: threatfox
    type: threatfox
    auth_key: "\${ABUSECH_KEY}"`,
    },
  ],
  [
    'urlhaus',
    {
      about: 'URLhaus: URLs that malware is loaded from, and whether they answer now.',
      yaml: `
feeds:
  - name: urlhaus
    type: urlhaus
    confidence: 80`,
    },
  ],
  [
    'malwarebazaar',
    {
      about: 'MalwareBazaar: the hashes of new samples of malware.',
      yaml: `
feeds:
  - name: malwarebazaar
    type: malwarebazaar
    auth_key: "\${ABUSECH_KEY}"`,
    },
  ],
  [
    'feodo',
    {
      about: 'Feodo Tracker: servers that command botnets. After a takedown the list may be empty.',
      yaml: `
feeds:
  - name: feodo
    type: feodo
    confidence: 90`,
    },
  ],
  [
    'sslbl',
    {
      about: 'SSLBL: SHA-1 fingerprints of certificates that malware and its servers show.',
      yaml: `
feeds:
  - name: sslbl
    type: sslbl
    confidence: 80`,
    },
  ],
]);

const NAMED = new Map<string, FeedExample>([
  [
    'abuseipdb',
    {
      about: 'The blacklist of AbuseIPDB. Each address brings its confidence.',
      yaml: `
feeds:
  - { name: abuseipdb, type: abuseipdb, api_key: "\${ABUSEIPDB_KEY}", tags: [malicious] }`,
    },
  ],
  [
    'spamhaus-drop',
    {
      about: 'The DROP lists of Spamhaus: networks and autonomous systems that nobody honest uses.',
      yaml: `
feeds:
  - name: spamhaus-drop
    type: spamhaus-drop
    confidence: 90`,
    },
  ],
  [
    'phishtank',
    {
      about: 'PhishTank: URLs of phishing that people have looked at and that answer now.',
      yaml: `
feeds:
  - name: phishtank
    type: phishtank
    confidence: 85`,
    },
  ],
  [
    'dshield',
    {
      about: 'The block list of DShield: the networks that attacked most of those who report to it.',
      yaml: `
feeds:
  - name: dshield
    type: dshield
    confidence: 70`,
    },
  ],
  [
    'kev',
    {
      about:
        'Known Exploited Vulnerabilities of CISA: CVEs that are made use of; those that ransomware uses are tagged `ransomware`.',
      yaml: `
feeds:
  - name: kev
    type: kev
    confidence: 70`,
    },
  ],
]);

const SENT = new Map<string, FeedExample>([
  [
    'tcp',
    {
      about:
        'Listens for JSON from any number of clients, in the same form as `file`: an object a line, several, arrays of them, and objects printed over many lines, as the codecs `json` and `json_lines` of Logstash send them.',
      yaml: `
feeds:
  - name: push
    type: tcp
    listen: "10.0.0.5:5000"
    tls: { cert: ./server.pem, key: ./server.key, client_ca: ./clients-ca.pem }
    confidence: 60`,
      notes:
        'There is no answer: a client that is killed, or that outruns a killed tipline, does not know which of its last lines count. Whoever must know uses `http-push`. With `token` a client sends the token in a line of its own first: `(echo "$TOKEN"; cat indicators.json) | nc -N tipline 5000`; beyond one machine use it with `tls`, or let `client_ca` say who may come. A client whose first line is HTTP, TLS or no text is cut off and counted.',
    },
  ],
  [
    'http-push',
    {
      about: 'Listens for `POST /v1/indicators` from scripts, and answers when the records are safe.',
      yaml: `
feeds:
  - name: scripts
    type: http-push
    token: "\${PUSH_TOKEN}"`,
      notes: `
Make a token with \`openssl rand -hex 32\`; each has 16 characters at least. A body is one JSON object, an array of them or JSON lines, plain or in gzip, in the form of ${OWN_FORM}.

\`\`\`sh
curl -H "Authorization: Bearer $PUSH_TOKEN" -d '{"indicator":"hxxp://bad[.]example/x","confidence":90}' http://127.0.0.1:9610/v1/indicators
\`\`\`

202 means that all of its records are on the bus. 400: nothing was taken, and the answer says what is wrong where; 401: the token; 413: too large; 429 and 503: send it again later.`,
    },
  ],
  [
    'kafka',
    {
      about: "A topic of somebody else's Kafka, each record of it one JSON object.",
      yaml: `
feeds:
  - name: partner-kafka
    type: kafka
    brokers: ["kafka.example.org:9092"]
    topic: indicators`,
      notes: `
Its place in the topic moves on when the records are on \`ioc.raw\`. What is no JSON becomes a dead letter. Records are in the same form as for \`file\`, unless \`columns\` says where each field stands:

\`\`\`yaml
feeds:
  - name: partner-kafka
    type: kafka
    brokers: ["kafka.example.org:9093"]
    tls: true
    sasl: { mechanism: scram-sha-512, username: tipline, password: "\${PARTNER_PASSWORD}" }
    topic: alerts
    columns: { indicator: data.ip, confidence: data.score, description: rule.name }
\`\`\``,
    },
  ],
]);

/** Every type of feed, in the order of the manual. */
export const FEED_EXAMPLES: readonly Group[] = [
  { group: 'Files and folders', feeds: FILES },
  { group: 'Lists', feeds: LISTS },
  { group: 'Threat-intelligence servers', feeds: SERVERS },
  { group: 'abuse.ch', feeds: ABUSE_CH },
  { group: 'Named sources', feeds: NAMED },
  { group: 'From other systems', feeds: SENT },
];
