import { describe, expect, test } from 'vitest';
import { account } from './admin-answers.ts';
import { darkroomWorld } from './darkroom-world.ts';
import type { Reply } from './fake-api.ts';

const json = (body: Buffer | undefined) => JSON.parse(String(body));
const answering = (call: string, ...replies: readonly (Reply | 'hang up')[]) =>
  darkroomWorld({ answers: { [call]: replies } });

describe('the limits of an account', () => {
  const limits = { requests_per_minute: 60, tasks_in_flight: 100 };
  const call = '/v1/admin/accounts/studio';

  test('are shown, and nothing is changed', async () => {
    const { give } = await answering(`GET ${call}`, { body: account('studio', { limits }) });

    const { printed } = await give(['accounts', 'limits', 'studio']);

    expect(printed).toBe('requests per minute  60\ntasks in flight      100');
    const { printed: whole } = await give(['accounts', 'limits', 'studio', '--json']);
    expect(JSON.parse(whole)).toEqual(limits);
  });

  test.each([
    [['--requests-per-minute', '60'], { requests_per_minute: 60 }],
    [
      ['--requests-per-minute', '60', '--tasks-in-flight', 'default'],
      { requests_per_minute: 60, tasks_in_flight: null },
    ],
  ])('are changed alone where something is said: %j', async (options, change) => {
    const { api, give } = await answering(`PATCH ${call}`, { body: account('studio', { limits }) });

    const { printed } = await give(['accounts', 'limits', 'studio', ...options]);

    expect(json(api.seen()[0]?.body)).toEqual({ limits: change });
    expect(printed).toContain('requests per minute  60');
  });

  test.each(['0', 'none', '1.5'])('cannot be %s', async (text) => {
    const { api, give } = await darkroomWorld();

    expect(await give(['accounts', 'limits', 'studio', '--tasks-in-flight', text])).toMatchObject({
      ...{ code: 2, message: expect.stringContaining('It must be a whole number from 1') },
    });
    expect(api.seen()).toEqual([]);
  });
});

describe('another webhook secret', () => {
  const rotate = ['accounts', 'rotate-secret', 'studio'];
  const answer = {
    ...{ object: 'webhook_secret', account: 'studio', webhook_secret: 'whsec_new' },
    previous_valid_until: 1_772_366_400 + 86_400,
  };
  const rotating = (reply: Reply | 'hang up' = { body: answer }) =>
    answering('POST /v1/admin/accounts/studio/webhook-secret', reply);

  test('is shown once, with the end of the old one', async () => {
    const { api, give } = await rotating();

    const { printed } = await give(rotate);

    expect(printed.split('\n')).toEqual([
      'webhook secret  whsec_new',
      'old one until   2026-03-02T12:00:00Z',
      '',
      'The webhook secret is shown this once. Put it where your callbacks are checked.',
    ]);
    expect(json(api.seen()[0]?.body)).toEqual({});
  });

  test('comes with the overlap that was asked for, and as JSON when asked for it', async () => {
    const { api, give } = await rotating();

    const { printed } = await give([...rotate, '--overlap-hours', '0', '--json']);

    expect(JSON.parse(printed)).toEqual(answer);
    expect(json(api.seen()[0]?.body)).toEqual({ overlap_hours: 0 });
  });

  test('is not made twice unasked: the one before the last is valid no more', async () => {
    const { api, give } = await rotating('hang up');

    const { code, message } = await give(rotate);

    expect(message).toMatch(/; the secret may be another one now, so make a new one once more$/);
    expect(code).toBe(1);
    expect(api.seen()).toHaveLength(1);
  });

  test('overlaps a week at most', async () => {
    const { give } = await rotating();

    expect(await give([...rotate, '--overlap-hours', '169'])).toMatchObject({
      ...{ code: 2, message: expect.stringContaining('It must be a whole number from 0 to 168.') },
    });
  });
});
