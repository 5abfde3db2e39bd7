import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchCost } from './cost.ts';
import { benchLedger } from './ledger.ts';
import { benchWaiting } from './waiting.ts';

/** Each part prints its table and answers its rows. */
const parts: Readonly<Record<string, () => Promise<unknown>>> = {
  ledger: benchLedger,
  waiting: benchWaiting,
  cost: benchCost,
};
const file = 'bench/latest.json';

const named = process.argv.slice(2);
const unknown = named.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) {
  throw new Error(`There is no ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}.`);
}

// A part that is run alone is not one run with the others, so only a whole run is kept.
const report: Record<string, unknown> = {
  at: new Date().toISOString(),
  machine: { node: process.version, processors: cpus().length, model: cpus()[0]?.model },
};
for (const [name, run] of Object.entries(parts)) {
  if (named.length === 0 || named.includes(name)) report[name] = await run();
}
if (named.length === 0) {
  mkdirSync('bench', { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
}
