import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AssetCode } from 'aws-cdk-lib/aws-lambda';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Entry, entries } from '../../functions/runtime/env.ts';
import { bundleOf } from '../../infra/bundles.ts';

/** Most kilobytes of each bundle, about 5% above what it is: growing is a decision. */
const limits: Record<Entry, number> = {
  'api/create-task': 432,
  'api/get-task': 379,
  'api/list-tasks': 360,
  'api/batch-tasks': 382,
  'api/cancel-task': 384,
  'api/redeliver-callback': 473,
  'api/create-file': 364,
  'api/list-models': 353,
  'api/get-credits': 358,
  'api/get-result': 556,
  'api/provider-callback': 420,
  'api/admin/create-account': 361,
  'api/admin/list-accounts': 360,
  'api/admin/get-account': 357,
  'api/admin/change-account': 360,
  'api/admin/credit-account': 363,
  'api/admin/list-entries': 360,
  'api/admin/rotate-secret': 360,
  'api/admin/create-key': 369,
  'api/admin/list-keys': 368,
  'api/admin/get-key': 356,
  'api/admin/change-key': 366,
  'api/admin/delete-key': 355,
  'api/openapi': 140,
  'api/health': 27,
  'api/not-found': 27,
  'workflow/prepare-inputs': 549,
  'workflow/submit-task': 561,
  'workflow/await-provider': 366,
  'workflow/poll-task': 394,
  'workflow/settle-task': 569,
  'workflow/notify-caller': 415,
  'events/input-uploaded': 344,
  'events/sweep': 476,
  'events/execution-ended': 381,
  'events/issue-key': 348,
};

/** What a bundle may ask for at run time and does not bring: ways that are never taken in Lambda. */
const neverAsked = /^@aws-sdk\/(credential-provider-[a-z-]+|signature-v4-crt|signature-v4a)$/;

const temporary = mkdtempSync(join(tmpdir(), 'darkroom-test-'));
let root = '';

beforeAll(() => {
  vi.stubEnv('TMPDIR', temporary); // a worker thread ends without the `exit` that clears bundles away
  const code = bundleOf('api/health');
  root = code instanceof AssetCode ? join(code.path, '../..') : '';
}, 60_000);
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(temporary, { recursive: true });
});

const textOf = (entry: string) => readFileSync(join(root, entry, 'index.cjs'), 'utf8');

describe.each(Object.entries(limits))('%s', (entry, kilobytes) => {
  test('is one small file, without a map of its source', () => {
    expect(readdirSync(join(root, entry))).toEqual(['index.cjs']);
    expect(Buffer.byteLength(textOf(entry)) / 1000).toBeLessThanOrEqual(kilobytes);
    expect(textOf(entry)).not.toContain('sourceMappingURL');
  });

  test('brings all it needs, and nothing that only belongs to the laptop or the deployment', () => {
    const asked = textOf(entry).matchAll(
      /\b(?:from|import|require)\s*\(?\s*["']([\w@.#/][^"'\s]*)["']/g,
    );
    const missing = [...asked]
      .map(([, module = '']) => module)
      .filter((module) => !isBuiltin(module) && !neverAsked.test(module));

    expect(missing).toEqual([]);
    expect(textOf(entry)).not.toMatch(/aws-cdk|dynalite|painter|libvips|aws-local-stepfunctions/);
  });

  test('has zod at most once, and none of its translations', () => {
    expect(textOf(entry).split('vendor:"zod"').length - 1).toBeLessThanOrEqual(1);
    expect(textOf(entry)).not.toContain('E-Mail-Adresse'); // only the German one says it
  });
});

// What is neither a name nor an address.
const words: Readonly<Record<string, string>> = { CALLBACK_TAIL: '', PROVIDERS: 'dashscope' };

test('each can be loaded where nothing else is, and has a handler', () => {
  const variables = Object.values(entries).flatMap(({ shape }) => Object.keys(shape));
  const told = variables
    .filter((variable) => !['LOOPBACK', 'USUAL_SECONDS'].includes(variable))
    .map((variable) => [variable, words[variable] ?? 'https://example.com']);
  const script = `
    const kinds = await Promise.all(
      process.argv.slice(1).map(async (url) => typeof (await import(url)).handler),
    );
    console.log(JSON.stringify(kinds));`;
  const urls = Object.keys(limits).map(
    (entry) => pathToFileURL(join(root, entry, 'index.cjs')).href,
  );
  const env = { ...Object.fromEntries(told), AWS_REGION: 'us-east-1' };
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', script, ...urls], {
    env,
    encoding: 'utf8',
  });

  expect(JSON.parse(said)).toEqual(urls.map(() => 'function'));
  expect(urls).toHaveLength(Object.keys(entries).length);
}, 60_000);
