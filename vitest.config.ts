import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { entries } from './functions/runtime/env.ts';
import { LongestFirst } from './test/support/longest-first.ts';
import { slowestFiles } from './test/support/slowest-files.ts';

// Where the results are written for another program to read.
const resultsFile = process.env['TEST_RESULTS'];

// Far above what any test takes: these bounds end what hangs, and measure nothing.
const patience = {
  testTimeout: 60_000,
  hookTimeout: 240_000,
  expect: { poll: { timeout: 50_000 } },
};

// Of large tables, long histories and crash points a sample is run, or in the mode `all` every one.
const everything = { THOROUGH: '1', FAULTS: 'all' };

// The functions without a route. What lies beside them is no entry, and counts.
const entryFiles = Object.keys(entries)
  .filter((entry) => !entry.startsWith('api/'))
  .map((entry) => `functions/${entry}.ts`);

const shared = { isolate: false, pool: 'threads' };
const threeAtATime = { maxWorkers: 3, sequence: { groupOrder: 1 } };
const synthesised = { globalSetup: ['test/flow/synthesise.ts'] };

// `npm test` leaves `faults`, `fuzz`, `emulator` and `browser` out; `npm run test:all` runs everything in the mode `all`.
export default defineConfig(({ mode }) => {
  const env = mode === 'all' ? everything : {};
  const project = (name: string, options: object = {}) => ({
    test: { name, include: [`test/${name}/**/*.test.ts`], env, ...patience, ...options },
  });
  return {
    test: {
      // More than there are cores: a test of a whole task waits half of its time. In the mode `all`, others compute
      // beside it. More than four local stacks at a time would need much memory.
      maxWorkers: Math.min(availableParallelism() + (mode === 'all' ? 1 : 2), 4),
      sequence: { sequencer: LongestFirst },
      reporters: ['default', slowestFiles, ...(resultsFile ? ['json'] : [])],
      outputFile: { ...(resultsFile && { json: resultsFile }) },
      coverage: {
        include: ['functions/**/*.ts'],
        // These run as bundles in the local stack, where they are not counted: they only wire.
        exclude: ['functions/api/*/handler.ts', ...entryFiles, 'functions/openapi/write.ts'],
        reporter: ['text-summary', 'text'],
        thresholds: { lines: 95 },
      },
      projects: [
        // In these two, the files of a thread share what they import: it would be loaded again for each.
        project('unit', { ...shared, env: {} }),
        project('infra', shared),
        // These start real processes.
        project('cli', { isolate: false }),
        project('local', { isolate: false }),
        project('contract', {
          globalSetup: ['test/contract/synthesise.ts'],
          isolate: false,
        }),
        // The files of a process share a stack (test/flow/start-stack.ts).
        project('flow', { ...synthesised, isolate: false }),
        // Functions that crash, events that get lost: a sample of all crash points, or every one of them.
        // They take tasks through moments of their lives, so only three of them run at a time, after all others.
        project('faults', {
          ...synthesised,
          ...threeAtATime,
        }),
        // A real Chromium looks at the console of a local stack.
        project('browser', {
          ...synthesised,
          isolate: false,
          ...threeAtATime,
          testTimeout: 180_000,
        }),
        // The stage `dev` in an emulator that is not ours. Its waits are those of a real deployment, so it runs beside
        // tests that keep the cores busy.
        project('emulator', {
          globalSetup: ['test/emulator/synthesise.ts', 'test/flow/synthesise.ts'],
        }),
        // Random input in large numbers.
        project('fuzz', synthesised),
      ],
    },
  };
});
