import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { issueKey } from '../../../local/local-keys.ts';
import { disableFunctions } from '../../flow/edit-template.ts';
import { openStack, type TestStack } from '../../flow/open-stack.ts';
import { reasonToSkip, runSchemathesis } from '../../support/schemathesis.ts';

// Schemathesis generates hundreds of valid and invalid requests from the OpenAPI document, and checks the
// status, headers and body of every response against it. The URLs in the requests are generated, too, so
// the functions that would call them are disabled.

const reason = reasonToSkip();
if (reason) process.stdout.write(`Skipped: the Schemathesis run. ${reason}\n`);

// Unknown methods are 404 here (not 405), and a request that the document allows may still be refused because of
// the data in the tables. A file of `POST /v1/files` does not exist before its form was used.
const options = [
  '--seed',
  '1',
  '--max-redirects',
  '0',
  '--continue-on-failure',
  '--exclude-checks',
  'unsupported_method,positive_data_acceptance,ensure_resource_availability',
];
const adminRoutes = '^/v1/admin/';
// A form that Schemathesis breaks may still be a valid form. `files.test.ts` has hostile ones.
const forms = '/upload/stream$';

describe.skipIf(reason)('a run of Schemathesis', () => {
  let stack: TestStack;
  let requests = 0;
  let optionsWithKey: readonly string[];
  let outdir: string;

  beforeAll(async () => {
    outdir = disableFunctions(inject('outdir'), ['WorkflowPrepareInputs', 'WorkflowNotifyCaller']);
    stack = await openStack({ outdir });
    const account = 'everyone';
    const { api_key } = await issueKey(stack, {
      account,
      credits: 1_000_000,
      scopes: ['generate', 'admin'],
    });
    const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
    const authorization = `Bearer ${stack.keys.adminKey}`;
    await stack.call('PATCH', `/v1/admin/accounts/${account}`, { limits }, { authorization });
    optionsWithKey = [...options, '--header', `Authorization: Bearer ${api_key}`];
  });
  afterAll(async () => {
    await stack?.close();
    rmSync(outdir, { recursive: true, force: true });
  });

  test.each([
    ['callers', ['--max-examples', '100', '--exclude-path-regex', `${adminRoutes}|${forms}`]],
    // Without the stateful phase, which follows responses: it would delete the key of the run.
    [
      'operators',
      [
        '--max-examples',
        '40',
        '--phases',
        'examples,coverage,fuzzing',
        '--include-path-regex',
        adminRoutes,
      ],
    ],
  ])(
    'on the routes of %s finds no response that contradicts the document, and no 5xx',
    async (_, selection) => {
      const result = await runSchemathesis(stack.url, [...optionsWithKey, ...selection]);
      requests += result.requests;

      expect(result.code, result.report).toBe(0);
    },
    600_000,
  );

  test('sends more than two thousand requests', () => {
    expect(requests).toBeGreaterThan(2000);
  });
});
