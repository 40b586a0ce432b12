import { killAt, noSeam } from '../../core/process/seam.ts';
import { embeddedAlerting } from './embedded-alerting.ts';

// One run of alerting in a process of its own: reads the topic to its end, flushes, and ends; or is killed at the point it is told.
const [data, smtp, point] = process.argv.slice(2);
if (data === undefined || smtp === undefined) throw new Error('usage: killed-alerting.ts DATA SMTP [POINT]');

const alerting = await embeddedAlerting({
  data,
  smtp,
  seam: point === undefined ? noSeam : killAt(point),
  config: { max_rows: 1000 },
});
const worker = await alerting.start();
await alerting.drained();
await worker.flush();
await worker.stop();
await alerting.close();
