import { type Fields, isFields } from '../../core/contract/fields.ts';
import type { RawIndicator } from '../../core/contract/raw-indicator.ts';
import { TiplineError } from '../../core/process/errors.ts';
import { contextOf, numberIn, textIn, timeIn, wordsIn } from '../formats/fields.ts';
import { parseDocument } from '../formats/json.ts';
import { type Row, rowRecords } from '../formats/rows.ts';
import { wholeText } from '../formats/text.ts';
import type { Tally } from '../tally.ts';
import { definePublishedList } from './published-list.ts';

/** Known Exploited Vulnerabilities of CISA: CVEs that are made use of. Those that ransomware uses are tagged `ransomware`. */
export const kev = definePublishedList({
  type: 'kev',
  url: 'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
  about: { url: 'Address of the catalogue in JSON.', max_size: 'Cap on the catalogue, which is parsed whole.' },
  maxSize: 64 * 1024 ** 2,
  read: (text, tally, maxSize) => rowRecords(vulnerabilities(text, maxSize, tally), recordsOf, tally),
});

async function* vulnerabilities(bytes: AsyncIterable<Buffer>, maxBytes: number, tally: Tally): AsyncGenerator<Row[]> {
  const document = parseDocument(await wholeText(bytes, maxBytes));
  const entries = isFields(document) ? document.vulnerabilities : undefined;
  if (!isFields(document) || !Array.isArray(entries)) {
    throw new TiplineError('FEED_SHAPE', 'the answer has no list of vulnerabilities: this is no catalogue of CISA', {
      retryable: true,
    });
  }
  const promised = numberIn(document, 'count');
  if (promised !== undefined && promised !== entries.length) {
    tally.note(`the catalogue says that it has ${promised} entries and has ${entries.length}`);
  }
  yield entries.flatMap((entry: unknown, index): Row[] => {
    if (isFields(entry)) return [{ fields: entry, where: index + 1 }];
    tally.skip(index + 1, 'not a JSON object', 'malformed');
    return [];
  });
}

function recordsOf(fields: Fields): RawIndicator[] | string {
  const indicator = textIn(fields, 'cveID', 'cveId');
  if (indicator === undefined) return 'no cveID';
  const record: RawIndicator = { indicator, type: 'cve' };
  const added = timeIn(fields, 'dateAdded');
  if (added !== undefined) record.first_seen = added;
  if (textIn(fields, 'knownRansomwareCampaignUse')?.toLowerCase() === 'known') record.tags = ['ransomware'];
  const description = textIn(fields, 'shortDescription', 'vulnerabilityName');
  if (description !== undefined) record.description = description;
  const reference = /https?:\/\/[^\s;,]{1,1000}/.exec(textIn(fields, 'notes') ?? '')?.[0];
  if (reference !== undefined) record.reference = reference;
  const context = contextOf({
    name: textIn(fields, 'vulnerabilityName'),
    vendor: textIn(fields, 'vendorProject'),
    product: textIn(fields, 'product'),
    due: textIn(fields, 'dueDate'),
    required_action: textIn(fields, 'requiredAction'),
    cwes: wordsIn(fields, 'cwes'),
  });
  if (context !== undefined) record.context = context;
  return [record];
}
