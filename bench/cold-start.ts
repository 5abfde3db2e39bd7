import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { entries } from '../functions/runtime/env.ts';
import { synthesise } from '../local/synthesise.ts';
import { type FunctionDefinition, functionsOf } from '../local/template/read-functions.ts';
import { importMs } from './import-time.ts';
import { contextOf, described } from './our-stack.ts';
import { printTable } from './print-table.ts';
import { median } from './quantile.ts';

// What a cold start loads: the bundle of every function, and what CDK would make of the same file if
// nobody told it how. Fresh processes, the two sides in turn.

const builder = fileURLToPath(new URL('build-by-default.ts', import.meta.url));
const samples = Number(process.env['BENCH_SAMPLES'] ?? 15);

type Side = { readonly code: FunctionDefinition; readonly file: string; readonly took: number[] };
type Pair = { readonly entry: string; readonly ours: Side; readonly default: Side };

/** Measures and prints; answers the rows. */
export async function benchColdStart(): Promise<readonly object[]> {
  const directory = mkdtempSync(join(tmpdir(), 'darkroom-bench-'));
  try {
    const [ours, byDefault] = [join(directory, 'ours'), join(directory, 'default')];
    await synthesise(ours);
    execFileSync(process.execPath, [builder, byDefault], { stdio: 'pipe' });
    const pairs = pairsOf(functionsOf(contextOf(ours)), functionsOf(contextOf(byDefault)));
    for (let sample = -1; sample < samples; sample += 1) {
      for (const pair of pairs) takeTurns(pair, sample);
    }
    const rows = pairs.map(rowOf);
    printTable(`Loading a function's code, the median of ${samples}`, rows);
    return rows;
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const pairsOf = (
  ours: readonly FunctionDefinition[],
  byDefault: readonly FunctionDefinition[],
): readonly Pair[] =>
  Object.keys(entries).map((entry) => {
    const code = described(ours, entry);
    const other = described(byDefault, entry);
    return {
      entry,
      ours: { code, file: 'index.cjs', took: [] },
      // The same environment on both sides: the throwaway stack knows none.
      default: {
        code: { ...other, environment: code.environment },
        file: 'index.js',
        took: [],
      },
    };
  });

// Who goes first changes, and the first of all only fills the file cache.
function takeTurns({ ours, default: byDefault }: Pair, sample: number): void {
  for (const side of sample % 2 === 0 ? [ours, byDefault] : [byDefault, ours]) {
    const took = importMs(side.code, side.file);
    if (sample >= 0) side.took.push(took);
  }
}

function rowOf({ entry, ours, default: byDefault }: Pair) {
  const [ms, defaultMs] = [median(ours.took), median(byDefault.took)];
  const [size, defaultSize] = [sizeOf(ours.code), sizeOf(byDefault.code)];
  return {
    function: entry,
    kB: kilobytes(size.bytes),
    'zipped kB': kilobytes(size.zipped),
    'default kB': `${kilobytes(defaultSize.bytes)}${asksForSdk(byDefault) ? ' + SDK' : ''}`,
    ms: Math.round(ms),
    'default ms': Math.round(defaultMs),
    ratio: (ms / defaultMs).toFixed(2),
  };
}

const asksForSdk = ({ code, file }: Side) =>
  readFileSync(join(code.directory, file), 'utf8').includes('require("@aws-sdk/');

const kilobytes = (bytes: number) => Math.round(bytes / 1000);

/** What Lambda is given: maps are not in it. */
function sizeOf({ directory }: FunctionDefinition): { bytes: number; zipped: number } {
  const files = readdirSync(directory)
    .filter((name) => !name.endsWith('.map'))
    .map((name) => readFileSync(join(directory, name)));
  const sum = (sizes: readonly number[]) => sizes.reduce((total, size) => total + size, 0);
  return {
    bytes: sum(files.map(({ length }) => length)),
    zipped: sum(files.map((file) => deflateRawSync(file).length)),
  };
}
