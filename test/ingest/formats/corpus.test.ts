import assert from 'node:assert/strict';
import { createReadStream, globSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { TiplineError } from '../../../core/process/errors.ts';
import { openDocument, readerOf } from '../../../ingest/files/open-document.ts';
import { createTally } from '../../../ingest/tally.ts';

/** What the files of each folder must be recognised as; undefined: as nothing, with a reason. */
const EXPECTED: readonly (readonly [pattern: RegExp, format: string | undefined])[] = [
  [/^lists\//, 'tsv'],
  [/^zeek-intel\//, 'zeek'],
  [/blocklist\.json$/, undefined],
  [/^misp-events\//, 'misp'],
  [/^stix1\/.*\.xml$/, 'stix1'],
  [/^stix1\/.*\.json$/, 'stix2'],
  [/^(?:mmdb|warninglists)\//, undefined],
  [/\.(?:txt|md)$/, 'text'],
];

// a clone has no corpus; whoever has one names it
const corpus = process.env.TIPLINE_CORPUS ?? '';
const files =
  corpus === '' ? [] : globSync('**/*', { cwd: corpus }).filter((file) => statSync(join(corpus, file)).isFile());

if (corpus !== '')
  describe(`${files.length} files of real material`, () => {
    it('are recognised, and read to their end or to a place that is told; none is passed over in silence', async () => {
      for (const file of files.sort()) {
        const tally = createTally();
        let records = 0;
        let told: string | undefined;
        const document = await openDocument(createReadStream(join(corpus, file)), {
          name: file,
          maxBytes: 1024 ** 3,
        });
        const { recognition } = document;
        const expected = EXPECTED.find(([pattern]) => pattern.test(file))?.[1];
        assert.equal(recognition.format, expected, `${file}: ${recognition.reason}`);
        if (recognition.format === undefined) {
          await document.close();
          assert.ok(recognition.reason.length > 10, file);
          continue;
        }
        try {
          for await (const batch of readerOf(recognition)(document.bytes, tally)) {
            assert.ok(batch.length <= 1000 || recognition.format === 'tsv', `${file}: a batch of ${batch.length}`);
            for (const record of batch)
              assert.ok(typeof record.indicator === 'string' && record.indicator !== '', file);
            records += batch.length;
          }
        } catch (error) {
          assert.ok(error instanceof TiplineError, `${file}: ${String(error)}`);
          assert.match(error.message, /\d/, file);
          told = error.message;
        }
        const left = tally.take();
        const silent =
          records === 0 && left.skipped === 0 && left.tooLong === 0 && left.notes.length === 0 && told === undefined;
        // packages about campaigns and victims, and prose
        if (silent) assert.match(file, /^stix1\/|\.md$/, file);
      }
    });
  });
