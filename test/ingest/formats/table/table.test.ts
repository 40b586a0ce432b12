import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { RawIndicator } from '../../../../core/contract/raw-indicator.ts';
import { openFormat } from '../../../../ingest/formats/known.ts';
import { recognise } from '../../../../ingest/formats/recognise/recognise.ts';
import { createTally } from '../../../../ingest/tally.ts';
import { inPieces, named } from '../reading.ts';

const MD5 = '9e107d9d372bb6826bd81d3542a419d6';
const SHA1 = '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12';
const SHA256 = 'd7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592';

interface Read {
  records: RawIndicator[];
  notes: readonly string[];
  skipped: number;
  first: string | undefined;
}

/** What is read of a document that nobody named a format for; it must be recognised as a table. */
async function read(document: string, chunk = 1 << 20): Promise<Read> {
  const bytes = Buffer.from(document);
  const recognition = recognise(bytes, { whole: true });
  assert.equal(recognition.format, 'table', recognition.reason);
  const tally = createTally();
  const records: RawIndicator[] = [];
  for await (const batch of openFormat('table', {})(inPieces(bytes, [chunk]), tally)) records.push(...batch);
  const { notes, skipped, firstSkipped } = tally.take();
  return { records, notes, skipped, first: firstSkipped };
}

const values = async (document: string): Promise<string[]> => named((await read(document)).records);

test('a table whose first column is a URL is no list of lines', async () => {
  const rows = Array.from(
    { length: 101 },
    (_, n) => `http://evil${n}.example/a,malware_download,2026-01-0${(n % 9) + 1}`,
  );
  const { records } = await read(rows.join('\n'));
  assert.equal(records.length, 101);
  assert.deepEqual(records[4], {
    indicator: 'http://evil4.example/a',
    type: 'url',
    first_seen: '2026-01-05T00:00:00.000Z',
  });
  // with names, and with as little as one row
  assert.deepEqual(await values('URL,Family\nhttps://a.example/x,Emotet\n'), ['url https://a.example/x']);
});

test('every column of indicators is read, with what the row says of them all', async () => {
  const { records, notes } = await read(
    `SHA256,SHA-1,File MD5,Compile Timestamp,C2 Server,Malware Family,Date,Notes\n${SHA256},${SHA1},${MD5},2019-01-07 07:13:47 UTC,evil[.]example,Artra,26-Jul-2016,"a note, with a comma"\n`,
  );
  assert.deepEqual(named(records), [`sha256 ${SHA256}`, `sha1 ${SHA1}`, `md5 ${MD5}`, 'domain evil[.]example']);
  for (const { malware, first_seen, description } of records) {
    assert.deepEqual(
      { malware, first_seen, description },
      { malware: ['Artra'], first_seen: '2016-07-26T00:00:00.000Z', description: 'a note, with a comma' },
    );
  }
  assert.deepEqual(notes, ['columns of the table that were not read, with their cells: "Compile Timestamp" 1']);
});

test('a column of types tells what each row holds; types that are none of ours are told with their number', async () => {
  const { records, notes, skipped } = await read(
    `Indicator_type,Data,Note\nDescription,About it,https://news.example.org/x\nsha256,${SHA256} ,a\nsha256,${SHA1},named wrongly\nfilename,evil.com,b\nfilename,run.bat,\ndomain,x.example,d\nip,192.0.2.7:443,e\nurl,hxxp://y[.]example/a,f\nmutex,Global\\abc,g\n`,
  );
  assert.deepEqual(named(records), [
    `sha256 ${SHA256}`,
    `sha1 ${SHA1}`,
    'domain x.example',
    'ip 192.0.2.7:443',
    'url hxxp://y[.]example/a',
    'mutex Global\\abc',
  ]);
  assert.equal(records[2]?.description, 'd');
  assert.equal(skipped, 3);
  assert.deepEqual(notes, ['rows of the table that were not read, by type: filename 2, description 1']);
});

test('when a row begins to count, its port and its sightings are no date of a sighting and no indicator', async () => {
  const { records, notes } = await read(
    'indicator,valid_from,valid_until,dst_port,sightings\n192.0.2.7,2099-01-01,2099-02-01,443,5\n192.0.2.8,,,,\n',
  );
  assert.deepEqual(
    records.map(({ indicator, first_seen, valid_from, port, sightings }) => [
      indicator,
      first_seen,
      valid_from?.slice(0, 10),
      port,
      sightings,
    ]),
    [
      ['192.0.2.7', undefined, '2099-01-01', 443, 5],
      ['192.0.2.8', undefined, undefined, undefined, undefined],
    ],
  );
  assert.deepEqual(notes, []);
});

test('of two columns of types the one that tells more is taken', async () => {
  assert.deepEqual(
    await values(
      'tlp,type,name,observable_types\nwhite,indicator,a.example,domain-name\nwhite,indicator,Global\\\\x,mutex\n',
    ),
    ['domain a.example', 'mutex Global\\\\x'],
  );
});

test('the kind of a threat is no type of indicator', async () => {
  const { records } = await read(
    'type,value\nmalware,a.example\nmalware,b.example\nphishing,192.0.2.1\nmalware,c.example\nmalware,d.example\n',
  );
  assert.deepEqual(named(records).slice(0, 3), ['domain a.example', 'domain b.example', 'ip 192.0.2.1']);
  assert.deepEqual(records[2]?.categories, ['phishing']);
});

test('types in front of values without any header row', async () => {
  assert.deepEqual(await values(`URL,http://a.example/x,y\nHost,b.example\nSHA256,${SHA256}\nMD5,${MD5}\n`), [
    'url http://a.example/x,y',
    'domain b.example',
    `sha256 ${SHA256}`,
    `md5 ${MD5}`,
  ]);
  assert.deepEqual(await values(`MD5,${MD5}\n`), [`md5 ${MD5}`]);
});

test('the column of types may be called "Indicator", and a type may name several hashes of one file', async () => {
  assert.deepEqual(await values(`Indicator,Data,Notes,,,,\nsha256,${SHA256},x,,,,\nip,192.0.2.1,y,,,,\n`), [
    `sha256 ${SHA256}`,
    'ip 192.0.2.1',
  ]);
  assert.deepEqual(
    await values(`value,entity_type,description\n"${SHA256},${MD5}",file,x\nevil.example,hostname,y\n`),
    [`sha256 ${SHA256}`, `md5 ${MD5}`, 'domain evil.example'],
  );
});

test('MISP in CSV: its compound types, and what is not for detection', async () => {
  const table = `uuid,event_id,category,type,value,comment,to_ids,date\n8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f,4,Network activity,domain|ip,"a.example|192.0.2.1","c2, live",1,20151016\n8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40,4,Payload,filename|md5,"x.exe|${MD5}","",1,20151016\n8e2e2d2b-17d4-4cbf-938f-98ee46b3cd41,4,Other,md5,${MD5},"",0,20151016\n`;
  const { records, notes } = await read(table);
  assert.deepEqual(
    records.map(({ indicator, type, composite, ref, first_seen, description }) => ({
      indicator,
      type,
      composite,
      ref,
      first_seen,
      description,
    })),
    [
      {
        indicator: 'a.example',
        type: 'domain',
        composite: undefined,
        ref: '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
        first_seen: '2015-10-16T00:00:00.000Z',
        description: 'c2, live',
      },
      {
        indicator: '192.0.2.1',
        type: 'ip',
        composite: true,
        ref: '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f',
        first_seen: '2015-10-16T00:00:00.000Z',
        description: 'c2, live',
      },
      {
        indicator: MD5,
        type: 'md5',
        composite: undefined,
        ref: '8e2e2d2b-17d4-4cbf-938f-98ee46b3cd40',
        first_seen: '2015-10-16T00:00:00.000Z',
        description: undefined,
      },
    ],
  );
  assert.match(notes.join(), /not for detection \(to_ids\) 1/);
});

test('one bad word in the header row, titles above it, and few rows with an indicator leave it a table', async () => {
  assert.deepEqual(await values('domain.name,IP,First Seen\na.example,192.0.2.1,2026-01-02\n'), [
    'domain a.example',
    'ip 192.0.2.1',
  ]);
  assert.deepEqual(await values('Indicators of the campaign,,\nDomain,Notes,Who\na.example,x,y\nb.example,z,\n'), [
    'domain a.example',
    'domain b.example',
  ]);
  const rows = Array.from({ length: 20 }, (_, n) => `host${n},2026-01-01,${n === 7 ? 'http://a.example/x?q=1' : ''}`);
  assert.deepEqual(await values(`Name,Date,URL\n${rows.join('\n')}\n`), ['url http://a.example/x?q=1']);
});

test('columns that are put under each other with blanks', async () => {
  const { records } = await read(
    'Domain              Created     Registrar        Nameserver\nA.EXAMPLE           2022-08-07  Some Ltd.        ns.example.net\nlonger.b.example    2022-08-09  Other and Sons   ns.example.org\n',
  );
  assert.deepEqual(named(records), ['domain A.EXAMPLE', 'domain longer.b.example']);
});

test('the same few servers beside names that differ are none of the indicators, where nothing names them', async () => {
  const rows = Array.from({ length: 12 }, (_, n) => `a${n}.example,2026-01-01,ns${n % 2}.example.net`);
  assert.equal((await read(rows.join('\n'))).records.length, 12);
  // a mailbox is no server: who registered several was told each time
  const mails = Array.from(
    { length: 12 },
    (_, n) => `${SHA1.slice(0, 38)}${10 + n};a${n % 4}@evil.example;192.0.2.${n}`,
  );
  assert.equal((await read(mails.join('\n'))).records.length, 36);
});

test('an outline of lines that are indented is no table', async () => {
  const outline = Array.from(
    { length: 40 },
    (_, n) => `${SHA256.slice(0, 62)}${10 + n}\n\ttype: x64\n\tnameserver: ns${n}.evil.com\n\turl: evil${n}.com\n`,
  ).join('');
  const recognition = recognise(Buffer.from(outline), { whole: true });
  assert.equal(recognition.format, 'text', recognition.reason);
  // where names tell what the columns are, cells may be empty
  assert.deepEqual(await values(`Domain\tNotes\n${'a.example\t\n'.repeat(5)}`), Array(5).fill('domain a.example'));
});

test('cells over several lines, and cells of prose that name an indicator', async () => {
  assert.deepEqual(
    await values(
      `Domain;Notes\na.example;"two\nlines; b.example is not meant"\n"c[.]example and d[.]example (both down)";x\n`,
    ),
    ['domain a.example', 'domain c.example', 'domain d.example'],
  );
});

test('what looks like an indicator and is none: reports, digests of other things, serials, file names, victims', async () => {
  const { records, notes } = await read(
    `Domain,VirusTotal,JA3,Certificate serial,File name,Victim\na.example,https://www.virustotal.com/gui/domain/a.example,${MD5},${SHA1},evil.com,b.example.org\n`,
  );
  assert.deepEqual(named(records), ['domain a.example']);
  assert.equal(records[0]?.reference, 'https://www.virustotal.com/gui/domain/a.example');
  assert.match(notes[0] ?? '', /"JA3" 1, "Certificate serial" 1, "File name" 1, "Victim" 1/);
});

test('addresses that names pointed to stand under no suspicion alone', async () => {
  const { records } = await read('Domain,Relevant resolution,Relevant date\na.example,192.0.2.1,2016-01-02\n');
  assert.deepEqual(
    records.map(({ indicator, composite }) => [indicator, composite]),
    [
      ['a.example', undefined],
      ['192.0.2.1', true],
    ],
  );
});

test('days are read in any order that a column tells, and left out where nothing does', async () => {
  const days = async (...cells: string[]): Promise<unknown> =>
    (await read(`domain,date\n${cells.map((cell, n) => `a${n}.example,"${cell}"`).join('\n')}\n`)).records.map(
      ({ first_seen }) => first_seen?.slice(0, 10),
    );
  assert.deepEqual(await days('26/07/2016', '05/07/2016'), ['2016-07-26', '2016-07-05']);
  assert.deepEqual(await days('07/26/2016', '07/05/2016'), ['2016-07-26', '2016-07-05']);
  assert.deepEqual(await days('05/07/2016'), [undefined]);
  assert.deepEqual(await days('July 26, 2016', '20160705', '2016/7/5 10:00', '2016-02-30', 'soon'), [
    '2016-07-26',
    '2016-07-05',
    '2016-07-05',
    undefined,
    undefined,
  ]);
});

test('a row that is broken costs itself alone, wherever the bytes are cut', async () => {
  const table = `type,value,note\nip,192.0.2.1,"open\nip,192.0.2.2,x\ndomain,a.example,"y, ""z"""\ntype,value,note\nip,999.1.1.1,x\nip,192.0.2.3`;
  const whole = await read(table);
  assert.deepEqual(named(whole.records), ['ip 192.0.2.2', 'domain a.example']);
  assert.equal(whole.skipped, 3);
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 40 }), async (chunk) => {
      assert.deepEqual(await read(table, chunk), whole);
    }),
    { numRuns: 20 },
  );
});

test('of a last row that breaks off what is whole is read, and not what may be cut', async () => {
  const { records, first } = await read(
    `SHA256,MD5,Notes,C2\n${SHA256},${MD5},x,a.example\n${SHA1},${MD5.slice(0, 31)}0,evil.exam`,
  );
  assert.deepEqual(named(records), [
    `sha256 ${SHA256}`,
    `md5 ${MD5}`,
    'domain a.example',
    `sha1 ${SHA1}`,
    `md5 ${MD5.slice(0, 31)}0`,
  ]);
  assert.equal(first, 'line 3: the row breaks off, as the list does');
});

test('types by words that are not ours: what speaks of an address or a name is read, what speaks of files is not', async () => {
  assert.deepEqual(
    await values(
      `Indicator_type,Data,Note\nurl_path,http://a.example/x,\nurl_path,http://b.example/y,\ndomain_port,c.example:6363,\nuser_account,d.example,\nfile,${SHA256},\nfile_path,evil.com,\n`,
    ),
    ['url http://a.example/x', 'url http://b.example/y', 'domain c.example:6363', `sha256 ${SHA256}`],
  );
});

test('a row of values is no header row, whatever words are in them', async () => {
  assert.deepEqual(await values('URL,http://ip[dot]a.example/host/img\nURL,http://b.example/\n'), [
    'url http://ip[dot]a.example/host/img',
    'url http://b.example/',
  ]);
  assert.deepEqual(await values('domain,ip.a.example\ndomain,b.example\n'), [
    'domain ip.a.example',
    'domain b.example',
  ]);
});

test('a table without a column of indicators is refused', async () => {
  const tally = createTally();
  const reading = openFormat('table', {})(inPieces(Buffer.from('Service,Description\nSpooler,prints\n'), [5]), tally);
  await assert.rejects(reading.next(), { code: 'FEED_COLUMNS' });
});

test('names of packages are no hosts, by the name of their column and by their own looks', async () => {
  const rows = ['com.older.bringing', 'org.ultimate.board', 'fr.animated.pro', 'ga.video.editor', 'xyz.toe.demo'];
  for (const name of ['Package Name', 'Bundle ID', 'Application']) {
    const table = `App,SHA256,${name}\n${rows.map((row, at) => `Editor ${at},${SHA256},${row}`).join('\n')}\n`;
    assert.deepEqual([...new Set(await values(table))], [`sha256 ${SHA256}`], name);
  }
  // what is called a domain, or was disarmed, is one, whatever its ending
  assert.deepEqual(await values(`SHA256,Domain\n${SHA256},evil.bazar\n`), [`sha256 ${SHA256}`, 'domain evil.bazar']);
  assert.deepEqual(await values(`SHA256,Extra\n${SHA256},com.evil[.]example\n`), [
    `sha256 ${SHA256}`,
    'domain com.evil[.]example',
  ]);
});
