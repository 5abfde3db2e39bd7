import { defineConfig } from 'vitest/config';

// Far above what any test takes: they end what hangs, and measure nothing.
const patience = { testTimeout: 60_000, hookTimeout: 120_000 };

const project = (name: string, options: object = {}) => ({
  test: { name, include: [`test/${name}/**/*.test.ts`], ...patience, ...options },
});

export default defineConfig({
  test: {
    coverage: { include: ['functions/**/*.ts'], reporter: ['text-summary', 'text'] },
    projects: [
      project('unit'),
      // aws-cdk-lib is loaded once for all files.
      project('infra', { isolate: false, pool: 'threads' }),
      // These start real processes.
      project('cli'),
      project('local'),
      project('contract', { globalSetup: ['test/contract/synthesise.ts'] }),
      project('flow', { globalSetup: ['test/flow/synthesise.ts'] }),
    ],
  },
});
