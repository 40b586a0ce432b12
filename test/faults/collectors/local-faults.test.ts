import assert from 'node:assert/strict';
import { after, describe, it } from 'node:test';
import { FILE_FAULTS, FILE_STANDS, type LocalCell, runFileCell } from './local-files.ts';
import { PUSH_FAULTS, runPushCell, runTcpCell, TCP_FAULTS } from './local-sockets.ts';
import { linesUp } from './table.ts';

const cells: LocalCell[] = [];

function judge(cell: LocalCell): void {
  cells.push(cell);
  assert.deepEqual(cell.complaints, [], `${cell.feed}, ${cell.fault} (told: ${cell.told.join() || 'nothing'})`);
}

describe('feeds without HTTP by faults: all is delivered, nothing is invented', () => {
  for (const stand of FILE_STANDS) {
    for (const fault of FILE_FAULTS) {
      it(`${stand.name}: ${fault}`, async (t) => judge(await runFileCell(t, stand, fault)));
    }
  }
  for (const fault of TCP_FAULTS) it(`tcp: ${fault}`, async (t) => judge(await runTcpCell(t, fault)));
  for (const fault of PUSH_FAULTS) it(`http-push: ${fault}`, async (t) => judge(await runPushCell(t, fault)));

  after(() => {
    const head = ['feed', 'fault', 'told as', 'delivered', ''];
    const rows = cells.map(({ feed, fault, told, delivered, complaints }) => [
      feed,
      fault,
      told.join(', ') || '-',
      String(delivered),
      complaints.length === 0 ? 'ok' : 'BAD',
    ]);
    console.log(linesUp([head, ...rows]).join('\n'));
  });
});
