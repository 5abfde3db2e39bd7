import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateRawSync } from 'node:zlib';
import { entries } from '../functions/runtime/env.ts';
import { type FunctionDefinition, functionsOf } from '../local/aws/template/read-functions.ts';
import { synthesise } from '../local/synthesise.ts';
import { importMs } from './import-time.ts';
import { printTable } from './print-table.ts';
import { median, sum } from './statistics.ts';
import { contextOf, functionOf } from './synthesised-stack.ts';
import { withTemporaryDirectory } from './temporary-directory.ts';

// How long a cold start takes to load a function: once from our bundle, and once from the bundle that CDK makes of the
// same file by default. Each measurement is a fresh process, and the two bundles take turns.

const builder = fileURLToPath(new URL('build-cdk-default.ts', import.meta.url));
const samples = Number(process.env['BENCH_SAMPLES'] ?? 15);

type Bundle = { readonly code: FunctionDefinition; readonly file: string; readonly took: number[] };
type Pair = { readonly entry: string; readonly darkroom: Bundle; readonly cdkDefault: Bundle };

/** Measures and prints; returns the rows. */
export function benchColdStart(): Promise<readonly object[]> {
  return withTemporaryDirectory(async (directory) => {
    const darkroom = join(directory, 'darkroom');
    const cdkDefault = join(directory, 'default');
    await synthesise(darkroom);
    execFileSync(process.execPath, [builder, cdkDefault], { stdio: 'pipe' });
    const pairs = pairsOf(functionsOf(contextOf(darkroom)), functionsOf(contextOf(cdkDefault)));
    for (let sample = -1; sample < samples; sample += 1) {
      for (const pair of pairs) measurePair(pair, sample);
    }
    const rows = pairs.map(rowOf);
    printTable(`Loading a function's code, the median of ${samples}`, rows);
    return rows;
  });
}

const pairsOf = (
  darkroom: readonly FunctionDefinition[],
  cdkDefault: readonly FunctionDefinition[],
): readonly Pair[] =>
  Object.keys(entries).map((entry) => {
    const code = functionOf(darkroom, entry);
    const defaultCode = functionOf(cdkDefault, entry);
    return {
      entry,
      darkroom: { code, file: 'index.cjs', took: [] },
      cdkDefault: {
        // The default stack sets no environment, and both bundles must load under the same one.
        code: { ...defaultCode, environment: code.environment },
        file: 'index.js',
        took: [],
      },
    };
  });

// The order alternates. The first round (-1) only fills the file cache.
function measurePair({ darkroom, cdkDefault }: Pair, sample: number): void {
  for (const bundle of sample % 2 === 0 ? [darkroom, cdkDefault] : [cdkDefault, darkroom]) {
    const took = importMs(bundle.code, bundle.file);
    if (sample >= 0) bundle.took.push(took);
  }
}

function rowOf({ entry, darkroom, cdkDefault }: Pair) {
  const ms = median(darkroom.took);
  const defaultMs = median(cdkDefault.took);
  const size = sizeOf(darkroom.code);
  const defaultSize = sizeOf(cdkDefault.code);
  return {
    function: entry,
    kB: kilobytes(size.bytes),
    'zipped kB': kilobytes(size.zipped),
    'default kB': `${kilobytes(defaultSize.bytes)}${needsRuntimeSdk(cdkDefault) ? ' + SDK' : ''}`,
    ms: Math.round(ms),
    'default ms': Math.round(defaultMs),
    ratio: (ms / defaultMs).toFixed(2),
  };
}

const needsRuntimeSdk = ({ code, file }: Bundle) =>
  readFileSync(join(code.directory, file), 'utf8').includes('require("@aws-sdk/');

const kilobytes = (bytes: number) => Math.round(bytes / 1000);

/** The size of the deployed code: without source maps. */
function sizeOf({ directory }: FunctionDefinition): { bytes: number; zipped: number } {
  const files = readdirSync(directory)
    .filter((name) => !name.endsWith('.map'))
    .map((name) => readFileSync(join(directory, name)));
  return {
    bytes: sum(files.map(({ length }) => length)),
    zipped: sum(files.map((file) => deflateRawSync(file).length)),
  };
}
