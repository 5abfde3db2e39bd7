import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { benchLedger } from './ledger.ts';

const report = {
  at: new Date().toISOString(),
  machine: { node: process.version, processors: cpus().length, model: cpus()[0]?.model },
  ledger: await benchLedger(),
};
mkdirSync('bench', { recursive: true });
writeFileSync('bench/latest.json', `${JSON.stringify(report, undefined, 2)}\n`);
