import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

// A folder, a line in the registry and a name in the catalogue are all that a new provider takes. The copy of the
// sources lies inside the project, because it imports the project's dependencies.

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');
const providers = 'functions/adapters/providers';

const adapter = `
import type { ProviderAdapter } from '../provider-adapter.ts';

export const acmeAdapter: ProviderAdapter = {
  url: { name: 'AcmeUrl', description: 'Where Acme is', default: 'https://acme.example.com' },
  capacity: { name: 'AcmeCapacity', countedBy: 'provider' },
  createClient: () => ({
    retentionMs: 1000,
    submit: async () => 'acme-1',
    poll: async () => ({ state: 'queued' }),
  }),
};
`;

let directory = '';

beforeAll(() => {
  mkdirSync(join(root, '.local'), { recursive: true });
  directory = mkdtempSync(join(root, '.local/new-provider-'));
  for (const sources of ['functions', 'infra', 'docs/openapi.json', 'package.json']) {
    cpSync(join(root, sources), join(directory, sources), { recursive: true });
  }
  // The rest of infra names no provider, and the types of the CDK take long to read.
  const include = ['functions', 'infra/stage.ts'];
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', include }),
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function replace(file: string, text: string, replacement: string): void {
  const path = join(directory, file);
  const before = readFileSync(path, 'utf8');
  expect(before).toContain(text);
  writeFileSync(path, before.replace(text, replacement));
}

test('a provider that the catalogue names does not compile until it has a line in the registry, and that is all', () => {
  const offer = "acme: { model: 'acme-1.0', typicalSeconds: 10 }";
  replace('functions/domain/model/catalogue.ts', 'fal: {', `${offer}, fal: {`);
  mkdirSync(join(directory, providers, 'acme'));
  writeFileSync(join(directory, providers, 'acme/adapter.ts'), adapter);
  const registry = `${providers}/registry.ts`;
  cpSync(join(directory, registry), join(directory, providers, 'without-line.ts'));
  replace(registry, '  fal: falAdapter,', '  fal: falAdapter,\n  acme: acmeAdapter,');
  replace(
    registry,
    "import { falAdapter } from './fal/adapter.ts';",
    "import { acmeAdapter } from './acme/adapter.ts';\nimport { falAdapter } from './fal/adapter.ts';",
  );

  const { stdout } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' });

  const errors = stdout.split('\n').filter((line) => line.includes('): error '));
  expect(errors).toEqual([expect.stringMatching(/without-line\.ts.*'acme' is missing/)]);
});
