import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProviderAdapter } from '../../functions/adapters/providers/provider-adapter.ts';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { loadRoutes } from '../../functions/api/routes.ts';
import { formatCapacity } from '../../functions/domain/model/capacity.ts';
import { type Entry, entries, undeployedVariables } from '../../functions/runtime/env.ts';
import { connectionAttemptMs } from '../../functions/runtime/network.ts';
import { buildBundles } from '../../infra/bundles.ts';

/** The maximum size of each bundle in kilobytes, about 5% above its size now: growing above it is a decision. */
const limits: Record<Entry, number> = {
  'api/create-task': 484,
  'api/get-task': 424,
  'api/wait-for-task': 410,
  'api/list-tasks': 385,
  'api/batch-tasks': 639, // with the client of S3, which is loaded for thumbnails alone
  'api/cancel-task': 421,
  'api/delete-task': 480,
  'api/redeliver-callback': 521,
  'api/create-file': 382,
  'api/get-file': 554,
  'api/upload-file': 645, // with the client of S3, and the parser of forms (22 kB)
  'api/list-files': 398,
  'api/delete-file': 543,
  'api/open-file-link': 569,
  'api/get-result': 569,
  'api/provider-webhook': 432,
  'api/read-account': 400,
  'api/admin-reads': 431,
  'api/list-providers': 480,
  'api/manage-accounts': 395,
  'api/credit-account': 399,
  'api/manage-keys': 404,
  'api/test-webhook': 428,
  'api/console': 300, // beside it lie the files of the page
  'api/service': 373, // four fifths are the OpenAPI document, which grows with every route
  'workflow/prepare-inputs': 584,
  'workflow/submit-task': 651,
  'workflow/await-slot': 420,
  'workflow/await-provider': 392,
  'workflow/poll-task': 710, // it settles and notifies as well: docs/decisions/049
  'workflow/settle-task': 641,
  'workflow/notify-caller': 444,
  'events/input-uploaded': 364,
  'events/reconcile': 663, // with the client of S3, since it lists uploads: docs/decisions/043
  'events/delete-pictures': 530,
  'events/make-thumbnail': 900, // beside it lies the decoder
  'events/execution-ended': 401,
  'events/canary': 369,
  'events/issue-key': 372,
};

/** The files beside a bundle. */
const beside: Readonly<Record<string, readonly string[]>> = {
  'api/console': ['files'],
  'events/make-thumbnail': ['sharp-wasm32'],
};

/** Modules that a bundle may require at run time and does not contain: Lambda never gets that far. */
const neverLoaded =
  /^@aws-sdk\/(credential-provider-[a-z-]+|signature-v4-crt|signature-v4a)$|^@img\/sharp-libvips-dev\//;

const temporary = mkdtempSync(join(tmpdir(), 'darkroom-test-'));
let root = '';

beforeAll(async () => {
  vi.stubEnv('TMPDIR', temporary); // a worker thread ends without the `exit` event that deletes the bundles
  root = await buildBundles(await loadRoutes());
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

const textOf = (entry: string) => readFileSync(join(root, entry, 'index.cjs'), 'utf8');

describe.each(Object.entries(limits))('%s', (entry, kilobytes) => {
  test('is one file within its limit, without a source map', () => {
    expect(readdirSync(join(root, entry)).sort()).toEqual(
      [...(beside[entry] ?? []), 'index.cjs'].sort(),
    );
    expect(Buffer.byteLength(textOf(entry)) / 1000).toBeLessThanOrEqual(kilobytes);
    expect(textOf(entry)).not.toContain('sourceMappingURL');
  });

  test('contains all modules that it needs, and none that only the local stack or the deployment needs', () => {
    const required = textOf(entry).matchAll(
      /\b(?:from|import|require)\s*\(?\s*["']([\w@.#/][^"'\s]*)["']/g,
    );
    const missing = [...required]
      .map(([, module = '']) => module)
      .filter((module) => !isBuiltin(module) && !neverLoaded.test(module))
      .filter((module) => !module.startsWith('./') || !existsSync(join(root, entry, module)));

    expect(missing).toEqual([]);
    expect(textOf(entry)).not.toMatch(/aws-cdk|dynalite|mockProvider|States\.NoChoiceMatched/);
    // One function decodes pictures, and no other can.
    expect(/libvips/.test(textOf(entry))).toBe(entry === 'events/make-thumbnail');
  });

  test('has no `import()`, which would load all exports of `node:http` and with them the whole of `fetch`', () => {
    expect(textOf(entry)).not.toMatch(/(?<![\w$.])import\(/);
  });

  test('contains zod at most once, and none of its translations', () => {
    expect(textOf(entry).split('vendor:"zod"').length - 1).toBeLessThanOrEqual(1);
    expect(textOf(entry)).not.toContain('E-Mail-Adresse'); // a text of the German translation
  });
});

/** What this makes of the adapter of every provider. */
function forEachAdapter(make: (adapter: ProviderAdapter) => unknown) {
  return Object.fromEntries(
    Object.entries(providerAdapters).map(([name, adapter]) => [name, make(adapter)]),
  );
}

/** The values of variables that are neither a name nor a URL. */
const values: Readonly<Record<string, string>> = {
  CALLBACK_RETRY_DELAYS: '',
  PROVIDERS: 'dashscope',
  RETENTION_DAYS: '30',
  WAITERS: '4',
  MODEL_ALIASES: 'our-model=wan2.5-image-to-image',
  MODEL_PRICES: '{}',
  PROVIDER_URLS: JSON.stringify(forEachAdapter(({ url }) => url.default)),
  PROVIDER_CAPACITIES: JSON.stringify(
    forEachAdapter(({ capacity: { default: capacity, countedBy } }) => ({
      capacity: capacity ? formatCapacity(capacity) : '',
      countedBy,
    })),
  ),
  ACCOUNT_BUDGET: '{"dailyBudget":50000,"stopAtBudget":true}',
  PROVIDER_KEYS_URLS: JSON.stringify(
    forEachAdapter(({ webhookSignature }) => webhookSignature?.keysUrl.default),
  ),
};

/** What the stack gives to a function that is not the local stack's: the variables of its entry, and no other. */
const environmentOf = (entry: Entry) =>
  Object.fromEntries(
    Object.keys(entries[entry].shape)
      .filter((variable) => !undeployedVariables.includes(variable))
      .map((variable) => [variable, values[variable] ?? 'https://example.com']),
  );

test('each bundle can be loaded with the environment of its function and without node_modules, exports a handler, and gives connections their time', () => {
  const script = `
    import net from 'node:net';
    const kinds = [];
    for (const { url, env } of JSON.parse(process.argv[1])) {
      process.env = { ...env, AWS_REGION: 'us-east-1' };
      net.setDefaultAutoSelectFamilyAttemptTimeout(250);
      kinds.push(\`\${typeof (await import(url)).handler} \${net.getDefaultAutoSelectFamilyAttemptTimeout()}\`);
    }
    console.log(JSON.stringify(kinds));`;
  const functions = (Object.keys(limits) as Entry[]).map((entry) => ({
    url: pathToFileURL(join(root, entry, 'index.cjs')).href,
    env: environmentOf(entry),
  }));
  const output = execFileSync(
    process.execPath,
    ['--input-type=module', '--eval', script, JSON.stringify(functions)],
    { env: {}, encoding: 'utf8' },
  );

  expect(JSON.parse(output)).toEqual(functions.map(() => `function ${connectionAttemptMs}`));
  expect(functions).toHaveLength(Object.keys(entries).length);
}, 60_000);
