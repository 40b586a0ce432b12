/** What docs/feeds.md says beside its tables. */

export const HEAD = `
<!-- Made by "npm run docs:feeds" of the schemas and of rules/feeds.yaml; change it there. -->

# Feeds

\`feeds\` in the [configuration](configuration.md) is a list. Each entry has a \`type\`, the keys that [all feeds](#all-feeds) have, and those of its type; or it
says \`use\` and the name of a feed of the [catalogue](#the-catalogue). A key that does not exist is an error.

\`\`\`yaml
feeds:
  - use: feodo
  - name: partner
    type: http-list
    url: https://partner.example.org/bad.txt
    confidence: 70
\`\`\`

\`tipline check\` fetches one page of each feed and publishes nothing; \`tipline parse FILE\` shows what would be taken of a file. Durations, sizes and secrets
are written as [in all of the configuration](configuration.md#values). What a source says of a record itself goes before what the feed says of all of them.
`;

export const ALL_FEEDS = `
Feeds that fetch have \`every\`, which is kept with a little jitter; one that fails is asked ten times as often at most. Feeds of files have \`look_every\` instead, and those that are sent to have neither.

Records without a confidence count as 0. \`indicator_type\` is \`ip\`, \`cidr\`, \`domain\`, \`url\`, \`email\`, \`md5\`, \`sha1\`, \`sha256\`, \`sha512\`, \`ssdeep\`, \`tlsh\`,
\`imphash\`, \`asn\`, \`mac\`, \`mutex\`, \`registry\`, \`x509\` or \`cve\`, and so are \`types\` and the keys of \`lifetime\`. A reading takes six hours at most unless \`limits.time\` says otherwise.

\`\`\`yaml
feeds:
  - name: partner
    type: http-list
    url: https://partner.example.org/bad.txt
    confidence: 70
    snapshot: false                  # it tells only what is new
    lifetime: { ip: 7d, url: 14d }
    limits: { records: 500000, time: 30m }
    include: { types: [ip, domain, url] }
    exclude: { tags: [test], match: "(^|[.])example[.]com$" }
    tlp_max: AMBER
\`\`\`
`;

export const FETCHING = `
Feeds that ask a server take these keys beside those of all feeds.
`;

export const WHOLE_LISTS = `
Where each answer is the whole list, what is no longer on it expires by itself: each reading grants its entries three times \`every\`, and a day at least. Such a list is read to its end
and judged before any of it is published. One that is empty, shrank, grew or changed its mix beyond the limits, or names private addresses or what is your own, is held back: its feed is
down with the reason, the last good list stays alive, and nothing else happens until the source mends it or you say \`tipline feeds release NAME\`. That lets the next reading pass if the list is
still like the one you saw. Lists of fewer than 20 records are not compared. With \`snapshot: false\`, where there is such a key, and with \`checks: false\`, records are published as they come.

\`\`\`yaml
own: [example.org, 198.51.100.0/24]
feeds:
  - name: partner
    type: http-list
    url: https://partner.example.org/bad.txt
    checks: { shrink: 0.8, grow: 2, private: false }
    revoke_on_absence: true
    confidence: { map: [[1, 30], [3, 70]], default: 20, cap: 80 }
\`\`\`
`;

export const CATALOGUE = `
Public feeds that are shipped with tipline (\`rules/feeds.yaml\`). \`use\` and the name is a whole feed; keys that stand beside it go before those of the catalogue and take their
place whole. A file of your own, named under \`catalogue\` at the top of the configuration, is laid over it in the same way: its entries add feeds, or change keys of those that are here.

\`\`\`yaml
feeds:
  - use: feodo
  - { use: kev, every: 1d }
  - { use: threatfox, auth_key: "\${ABUSECH_KEY}" }
  - { use: otx, name: our-otx, api_key: "\${OTX_KEY}", confidence: 60 }
\`\`\`

Nothing is fetched that you do not name. Read the terms before you rely on a feed: they change, and "commercial use: no" means that it needs an agreement with whoever runs it.
`;

/** Of `http-list`, whose formats need more words than the keys of others. */
export const LIST_NOTES = `
| format | what it is |
|---|---|
| \`lines\` | one indicator a line |
| \`csv\`, \`tsv\` | a table, with \`columns\` |
| \`table\` | a table that says itself what stands where: by its header row and by what is in its columns |
| \`json\`, \`ndjson\` | one document, or one a line, with \`columns\` |
| \`stix2\`, \`stix1\` | STIX 2 in JSON; STIX 1 in XML, or in the JSON that python-stix writes (up to 64 MB) |
| \`openioc\` | OpenIOC 1.0 and 1.1 in XML |
| \`misp\` | events or attributes as MISP exports them |
| \`zeek\` | a file of Zeek's intelligence framework |
| \`maltrail\` | trails of Maltrail, with their references and aliases |
| \`hosts\` | a hosts file that blocks names |
| \`adblock\` | rules of blockers in browsers and name servers (Adblock Plus, uBlock Origin, AdGuard): the hosts that they block whole |
| \`dnsmasq\` | names that dnsmasq is told to answer with nothing: \`server=/x/\`, \`address=/x/0.0.0.0\`, \`local=/x/\` |
| \`iprep\` | IP reputation of Snort and Suricata |
| \`ipset\` | what \`ipset save\` writes, and lists of addresses, blocks and ranges such as FireHOL's |
| \`markdown\` | its tables row by row, the rest as text |
| \`text\`, \`html\` | a report: what reads like an indicator where it stands |

Of \`text\` is taken what has a public suffix, an address, a digest and so on where it stands; no file names, packages, versions or code, and of comments (\`#\`, \`//\`,
\`;\`, \`!\`) only what somebody disarmed, and digests. It may be UTF-8, UTF-16 or Windows-1252. What may as well be a file, such as \`evil.sh\` alone in a line, is counted
as left out: written as \`evil[.]sh\` it is a domain.

A \`table\` has cells between commas, semicolons, bars or tabs, in quotes or not, with a header row or without. Every column of indicators is read, with the types
that a column of types tells, and dates, names of malware, tags, descriptions and references go with each. What is not read is told by column and by type, with its number.

The fields of \`columns\` are \`indicator\`, \`type\`, \`ref\`, \`confidence\`, \`severity\`, \`timestamp\`, \`first_seen\`, \`last_seen\`, \`valid_from\`, \`valid_until\`, \`tags\`, \`tlp\`, \`description\`,
\`event_id\`, \`port\`, \`sightings\`,
\`reference\`, \`categories\` and \`malware\`. In \`csv\` and \`tsv\` each is a number from 1 or a name in the header row; without them the indicator is in column 1; commas part several tags in a cell. In \`json\` and \`ndjson\` it is a path, and
\`indicator\` is required: names with dots between them, \`[]\` for each element of an array, \`*\` for each value of an object, such as \`data[].ip\`, \`*[].url\` or
\`ips[]\`. The other fields are looked for in the same element, or above it where their path goes the same way (\`meta.generated_at\`, \`results[].name\`).

What is no longer on a snapshot expires after three intervals or a day, whichever is longer.

\`\`\`yaml
feeds:
  - name: ipsum
    type: http-list
    url: https://example.org/ipsum.txt
    format: tsv
    columns: { indicator: 1 }
    indicator_type: ip
    confidence: { column: 2, map: [[1, 30], [3, 70], [6, 95]] }
    severity: 60
    tags: [malicious]
  - name: export
    type: http-list
    url: https://partner.example.org/export.json
    format: json
    columns: { indicator: "results[].ioc", description: "results[].why", timestamp: meta.generated_at }
    headers: { Authorization: "Bearer \${PARTNER_TOKEN}" }
    confidence: 70
    every: 15m
\`\`\``;
