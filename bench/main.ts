import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchColdStart } from './cold-start.ts';
import { benchCost } from './cost.ts';
import { benchLedger } from './ledger.ts';
import { benchLocal } from './local.ts';
import { benchQueue } from './queue.ts';
import { benchQueueRows } from './queue-rows.ts';
import { benchScale } from './scale.ts';
import { benchStartTimes } from './start-times.ts';
import { benchThroughput } from './throughput.ts';
import { benchWaiting } from './waiting.ts';

/** What can be measured; `npm run bench -- <part> …` measures only that. */
const parts: Readonly<Record<string, () => Promise<readonly object[]>>> = {
  ledger: benchLedger,
  'cold-start': benchColdStart,
  throughput: benchThroughput,
  waiting: benchWaiting,
  cost: benchCost,
  scale: benchScale,
  'queue-rows': benchQueueRows,
  queue: benchQueue,
  starts: benchStartTimes,
  local: benchLocal,
};
const file = 'bench/latest.json';

const selected = process.argv.slice(2);
const unknown = selected.filter((part) => !(part in parts));
if (unknown.length > 0) {
  throw new Error(`there is no part ${unknown}; the parts are ${Object.keys(parts).join(', ')}`);
}

// A part that is not measured now keeps its figures, with the time and the machine of their measurement.
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
for (const [part, measure] of Object.entries(parts)) {
  if (selected.length > 0 && !selected.includes(part)) continue;
  report[part] = { at: new Date().toISOString(), machine: machine(), rows: await measure() };
}
mkdirSync('bench', { recursive: true });
writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);

function machine() {
  return { node: process.version, processors: cpus().length, model: cpus()[0]?.model };
}
