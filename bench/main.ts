import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchColdStart } from './cold-start.ts';
import { benchIntake } from './intake.ts';
import { benchLedger } from './ledger.ts';

/** What can be measured; `npm run bench -- <part> …` measures only that. */
const parts: Readonly<Record<string, () => Promise<readonly object[]>>> = {
  ledger: benchLedger,
  'cold-start': benchColdStart,
  intake: benchIntake,
};
const file = 'bench/latest.json';

const asked = process.argv.slice(2);
const unknown = asked.filter((part) => !(part in parts));
if (unknown.length > 0) {
  throw new Error(`there is no ${unknown}; there are ${Object.keys(parts).join(', ')}`);
}

// A part that is not measured now keeps its figures, with the moment and the machine they are of.
const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
for (const [part, measure] of Object.entries(parts)) {
  if (asked.length > 0 && !asked.includes(part)) continue;
  report[part] = { at: new Date().toISOString(), machine: machine(), rows: await measure() };
}
mkdirSync('bench', { recursive: true });
writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);

function machine() {
  return { node: process.version, processors: cpus().length, model: cpus()[0]?.model };
}
