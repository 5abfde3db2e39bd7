import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { issueKey } from '../../local/first-keys.ts';
import { schemathesis, whyNot } from '../support/schemathesis.ts';
import { openWorld, type World } from './open-world.ts';
import { switchedOff } from './switched-off.ts';

// Somebody who knows nothing but the document makes requests up, by the hundred, right and wrong ones,
// and judges every answer by the document: its status, its headers, its body. The addresses in it are
// made up, too: those who would go there are switched off.

const reason = whyNot();
if (reason) process.stdout.write(`Skipped: what Schemathesis makes up. ${reason}\n`);

// Methods that are not there are 404 here (not 405), and what the document allows may be refused for
// what is in the tables.
const how = [
  ...['--seed', '1', '--max-redirects', '0', '--continue-on-failure'],
  ...['--exclude-checks', 'unsupported_method,positive_data_acceptance'],
];
const adminRoutes = '^/v1/admin/';

describe.skipIf(reason)('what Schemathesis makes up', () => {
  let world: World;
  let requests = 0;
  let asEveryone: readonly string[];
  let outdir: string;

  beforeAll(async () => {
    outdir = switchedOff(inject('outdir'), ['WorkPrepareInputs', 'WorkNotifyCaller']);
    world = await openWorld({ outdir });
    const account = 'everyone';
    const { api_key } = await issueKey(world, {
      ...{ account, credits: 1_000_000, scopes: ['generate', 'admin'] },
    });
    const limits = { requests_per_minute: 100_000, tasks_in_flight: 100_000 };
    const authorization = `Bearer ${world.keys.adminKey}`;
    await world.call('PATCH', `/v1/admin/accounts/${account}`, { limits }, { authorization });
    asEveryone = [...how, '--header', `Authorization: Bearer ${api_key}`];
  });
  afterAll(async () => {
    await world?.close();
    rmSync(outdir, { recursive: true, force: true });
  });

  test.each([
    ['callers', ['--max-examples', '100', '--exclude-path-regex', adminRoutes]],
    // Not one request after the other by what was answered: that would delete the key it comes with.
    [
      'operators',
      [
        ...['--max-examples', '40', '--phases', 'examples,coverage,fuzzing'],
        ...['--include-path-regex', adminRoutes],
      ],
    ],
  ])(
    'is answered to %s as the document says, and never with a 5xx',
    async (_, options) => {
      const verdict = await schemathesis(world.url, [...asEveryone, ...options]);
      requests += verdict.requests;

      expect(verdict.code, verdict.report).toBe(0);
    },
    600_000,
  );

  test('was more than two thousand requests', () => {
    expect(requests).toBeGreaterThan(2000);
  });
});
