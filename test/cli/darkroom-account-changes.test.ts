import { describe, expect, test } from 'vitest';
import { account, webhookSecret } from './admin-responses.ts';
import { darkroomContext } from './darkroom-context.ts';
import type { Reply } from './fake-api.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));
const contextWith = (call: string, ...replies: readonly (Reply | 'hang up')[]) =>
  darkroomContext({ replies: { [call]: replies } });

describe('darkroom accounts limits', () => {
  const limits = { requests_per_minute: 60, tasks_in_flight: 100 };
  const call = '/v1/admin/accounts/studio';

  test('prints the limits and changes nothing when no limit is given', async () => {
    const { runInProcess } = await contextWith(`GET ${call}`, {
      body: account('studio', { limits }),
    });

    const { printed } = await runInProcess(['accounts', 'limits', 'studio']);

    expect(printed).toBe('requests per minute  60\ntasks in flight      100');
    const { printed: whole } = await runInProcess(['accounts', 'limits', 'studio', '--json']);
    expect(JSON.parse(whole)).toEqual(limits);
  });

  test.each([
    [['--requests-per-minute', '60'], { requests_per_minute: 60 }],
    [
      ['--requests-per-minute', '60', '--tasks-in-flight', 'default'],
      { requests_per_minute: 60, tasks_in_flight: null },
    ],
  ])('changes only the limits that are given: %j', async (options, change) => {
    const { api, runInProcess } = await contextWith(`PATCH ${call}`, {
      body: account('studio', { limits }),
    });

    const { printed } = await runInProcess(['accounts', 'limits', 'studio', ...options]);

    expect(json(api.calls()[0]?.body)).toEqual({ limits: change });
    expect(printed).toContain('requests per minute  60');
  });

  test.each(['0', 'none', '1.5'])('refuses the limit %s and calls nothing', async (text) => {
    const { api, runInProcess } = await darkroomContext();

    expect(
      await runInProcess(['accounts', 'limits', 'studio', '--tasks-in-flight', text]),
    ).toMatchObject({
      code: 2,
      message: expect.stringContaining('It must be a whole number from 1'),
    });
    expect(api.calls()).toEqual([]);
  });
});

describe('darkroom accounts rotate-secret', () => {
  const rotate = ['accounts', 'rotate-secret', 'studio'];
  const response = {
    object: 'webhook_secret',
    account: 'studio',
    webhook_secret: webhookSecret,
    previous_valid_until: 1_772_366_400 + 86_400,
  };
  const contextWithReply = (reply: Reply | 'hang up' = { body: response }) =>
    contextWith('POST /v1/admin/accounts/studio/webhook-secret', reply);

  test('prints the new secret once, with the end of the old one', async () => {
    const { api, runInProcess } = await contextWithReply();

    const { printed } = await runInProcess(rotate);

    expect(printed.split('\n')).toEqual([
      `webhook secret  ${webhookSecret}`,
      'old one until   2026-03-02T12:00:00Z',
      '',
      'The webhook secret is shown only this once. Store it where your callbacks are verified.',
    ]);
    expect(json(api.calls()[0]?.body)).toEqual({});
  });

  test('sends the given overlap, and prints the response with --json', async () => {
    const { api, runInProcess } = await contextWithReply();

    const { printed } = await runInProcess([...rotate, '--overlap-hours', '0', '--json']);

    expect(JSON.parse(printed)).toEqual(response);
    expect(json(api.calls()[0]?.body)).toEqual({ overlap_hours: 0 });
  });

  test('does not repeat itself when the response is lost: a second rotation would end the old secret', async () => {
    const { api, runInProcess } = await contextWithReply('hang up');

    const { code, message } = await runInProcess(rotate);

    expect(message).toMatch(/; the secret may have changed, so run the command once more$/);
    expect(code).toBe(8);
    expect(api.calls()).toHaveLength(1);
  });

  test('refuses an overlap of more than a week', async () => {
    const { runInProcess } = await contextWithReply();

    expect(await runInProcess([...rotate, '--overlap-hours', '169'])).toMatchObject({
      code: 2,
      message: expect.stringContaining('It must be a whole number from 0 to 168.'),
    });
  });
});
