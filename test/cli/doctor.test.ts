import { describe, expect, test } from 'vitest';
import type { Providers, ProviderTrial } from '../../cli/admin/admin-api.ts';
import type { Task } from '../../cli/api/api.ts';
import {
  judgeCanary,
  judgeProviders,
  judgeQuotas,
  judgeReconciler,
  judgeSubscribers,
} from '../../cli/doctor/operation-steps.ts';
import { examineSandbox } from '../../cli/doctor/sandbox-steps.ts';
import { judgeAddress, judgeClock } from '../../cli/doctor/service-steps.ts';
import { key } from './cli-context.ts';
import { darkroomContext } from './darkroom-context.ts';

// The verdicts of the doctor for given observations. test/flow/doctor.test.ts lets the doctor examine real stacks.

const address = 'https://abc123.execute-api.eu-central-1.amazonaws.com';
const now = Date.parse('2026-03-01T12:00:00Z');
const healthy = { status: 200, isDarkroom: true, dateMs: now };

describe('the verdict on the address', () => {
  test('is ok when this API answers over TLS', () => {
    expect(judgeAddress(address, healthy).state).toBe('ok');
  });

  test('is not ok for http, unless the address is this machine', () => {
    const open = judgeAddress('http://example.com', healthy);

    expect(open).toMatchObject({ state: 'fail', remedy: expect.stringContaining('https://') });
    expect(judgeAddress('http://127.0.0.1:8000', healthy).state).toBe('ok');
  });

  test.each(['CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'ERR_TLS_CERT_ALTNAME_INVALID'])(
    'names the certificate when the connection ends with %s',
    (errorCode) => {
      const finding = judgeAddress(address, { errorCode });

      expect(finding).toMatchObject({
        state: 'fail',
        what: expect.stringContaining('certificate'),
        remedy: expect.stringContaining('openssl s_client'),
      });
    },
  );

  test.each(['ENOTFOUND', 'ECONNREFUSED', 'TimeoutError'])(
    'says that the address cannot be reached when the connection ends with %s',
    (errorCode) => {
      expect(judgeAddress(address, { errorCode }).what).toContain(`(${errorCode})`);
    },
  );

  test.each([
    { status: 404, isDarkroom: false },
    { status: 200, isDarkroom: false },
    { status: 503, isDarkroom: true },
  ])('says that the address belongs to something else when it answers %o', (answer) => {
    expect(judgeAddress(address, { ...answer, dateMs: now }).state).toBe('fail');
  });
});

test.each([
  [0, 'ok'],
  [29, 'ok'],
  [31, 'warn'],
  [-31, 'warn'],
  [299, 'warn'],
  [301, 'fail'],
  [-301, 'fail'],
] as const)('a clock that is %i s ahead is: %s', (seconds, state) => {
  expect(judgeClock(now, now + seconds * 1000).state).toBe(state);
});

test('an API that does not say the time is a warning', () => {
  expect(judgeClock(undefined, now).state).toBe('warn');
});

test.each([
  [null, 'fail'],
  [0, 'ok'],
  [179, 'ok'],
  [181, 'fail'],
  // The clock of this machine may be slow.
  [-2, 'ok'],
] as const)('a reconciler that ran %j s ago is: %s', (seconds, state) => {
  const reconciledAt = seconds === null ? null : now / 1000 - seconds;

  expect(judgeReconciler(reconciledAt, now).state).toBe(state);
});

describe('the canary', () => {
  const taskOf = (
    minutes: number,
    more: Partial<Parameters<typeof judgeCanary>[0][number]> = {},
  ) => ({
    id: 'task-unified-1757156493-imcg5zqt',
    status: 'completed' as const,
    created_at: now / 1000 - minutes * 60,
    code: null,
    ...more,
  });
  const failed = { status: 'failed', code: 'service_error' } as const;
  const pending = { status: 'pending' } as const;

  test.each<[what: string, tasks: Parameters<typeof judgeCanary>[0], state: string]>([
    ['has made no task', [], 'warn'],
    ['made one that was completed', [taskOf(7), taskOf(22)], 'ok'],
    ['is at work, and the task before was completed', [taskOf(1, pending), taskOf(16)], 'ok'],
    ['is at work for the first time', [taskOf(1, pending)], 'ok'],
    ['is at work, and the task before failed', [taskOf(1, pending), taskOf(16, failed)], 'fail'],
    ['made one that failed', [taskOf(7, failed), taskOf(22)], 'fail'],
    ['made one that did not end in time', [taskOf(7, pending), taskOf(22)], 'fail'],
    ['has made none for two runs', [taskOf(36)], 'fail'],
  ])('that %s', (_, tasks, state) => {
    expect(judgeCanary(tasks, {}, now).state).toBe(state);
  });

  test('that has no key gets the command of its output', () => {
    const CanaryKey = 'npm run keys -- canary --function F --secret S';

    expect(judgeCanary([], { CanaryKey }, now).remedy).toContain(CanaryKey);
  });
});

describe('alarms', () => {
  const one = { address: 'a@example.com', isConfirmed: true };
  const two = { address: 'b@example.com', isConfirmed: false };

  test.each([
    [[one], 'ok', 'a@example.com'],
    [[one, two], 'warn', 'b@example.com'],
    [[two], 'fail', 'b@example.com'],
    [[], 'fail', 'Nobody is subscribed'],
  ])('that are sent to %j are: %s', (subscribers, state, what) => {
    const topic = 'arn:aws:sns:eu-central-1:111122223333:alarms';
    const finding = judgeSubscribers(topic, subscribers);

    expect(finding).toMatchObject({ state, what: expect.stringContaining(what) });
    // SNS finds a topic only in the topic's region, and the shell may have another one.
    if (state !== 'ok')
      expect(finding.remedy).toContain(`--region eu-central-1 --topic-arn ${topic} `);
  });
});

test('tasks that wait for the one slot of the sandbox are a warning: others use the slot', async () => {
  let time = now;
  const waiting = {
    status: 'pending',
    events: [],
    task_info: { can_cancel: true, queue_position: 3 },
  } as Partial<Task> as Task;
  const findings = examineSandbox({
    api: {
      create: async () => ({ id: 'task' }) as never,
      task: async () => waiting,
      cancel: async () => undefined as never,
    },
    upload: async () => undefined,
    fetchResult: async () => ({ status: 200, type: 'image/png' }),
    isTestKey: true,
    newKey: () => 'key',
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
    timeoutMs: 60_000,
  });

  expect((await findings.next()).value).toMatchObject({
    state: 'warn',
    what: expect.stringContaining('3 tasks wait for it'),
    remedy: expect.stringContaining('--timeout'),
  });
});

describe('providers', () => {
  const provider = {
    object: 'provider' as const,
    id: 'fal' as const,
    position: 1,
    has_key: true,
    capacity: null,
    models: [],
    slots: [],
    rejections: [],
  };

  /** The verdict on these providers, by their answers to their keys; a provider without an answer accepts its key. */
  const judged = (
    all: Providers['data'],
    answers: Readonly<Record<string, ProviderTrial['result']>> = {},
  ) =>
    judgeProviders(
      all,
      {},
      all.map(({ id }) => ({ provider: id, result: answers[id] ?? 'accepted' })),
    );

  test('without a key are named when another has one', () => {
    const finding = judged([provider, { ...provider, id: 'evolink', has_key: false }]);

    expect(finding).toMatchObject({
      state: 'ok',
      what: 'The key is accepted by fal; without a key, and left out: evolink.',
    });
  });

  test('that are not offered do not count', () => {
    const finding = judgeProviders([{ ...provider, position: null }], { ProviderKeys: 'Keys' }, []);

    expect(finding).toMatchObject({
      state: 'fail',
      remedy: expect.stringContaining('--secret Keys'),
    });
  });

  test('that have rejected the account on the latest day are a warning', () => {
    const rejections = [
      { day: '2026-02-27', code: 'content_policy_violation' as const, count: 9 },
      { day: '2026-02-28', code: 'quota_exceeded' as const, count: 1 },
    ];

    expect(judged([{ ...provider, rejections }])).toMatchObject({
      state: 'warn',
      what: expect.stringContaining('2026-02-28'),
    });
  });

  test('that have rejected pictures only, or the account before it was paid, are ok', () => {
    const rejections = [
      { day: '2026-02-27', code: 'quota_exceeded' as const, count: 1 },
      { day: '2026-02-28', code: 'content_policy_violation' as const, count: 9 },
    ];

    expect(judged([{ ...provider, rejections }]).state).toBe('ok');
  });

  test('whose key is rejected are a failure when there is no other, and a warning when there is one', () => {
    const both = [provider, { ...provider, id: 'evolink' as const }];

    expect(judged([provider], { fal: 'rejected' })).toMatchObject({
      state: 'fail',
      what: 'The key is rejected by fal.',
      remedy: expect.stringContaining('npm run keys -- provider fal'),
    });
    expect(judged(both, { evolink: 'rejected' })).toMatchObject({
      state: 'warn',
      what: 'The key is rejected by evolink.',
    });
    expect(judged(both, { fal: 'unclear' })).toMatchObject({
      state: 'warn',
      what: 'Nothing is known about the key of fal: no clear response came.',
    });
  });

  test('that have no capacity for the jobs of the queue may have a key that somebody else uses, too', () => {
    const rejections = [{ day: '2026-02-28', code: 'resource_exhausted' as const, count: 3 }];

    expect(judged([{ ...provider, rejections }])).toMatchObject({
      state: 'warn',
      remedy: expect.stringContaining('Does another stack use the same key?'),
    });
  });
});

test.each([
  [10, 200, 'warn'],
  [39, 200, 'warn'],
  [40, 200, 'ok'],
  [1000, 500, 'ok'],
  // Without the outputs, only a new account stands out.
  [10, Number.NaN, 'warn'],
  [50, Number.NaN, 'ok'],
] as const)(
  'an account that runs %i functions, at %d requests a second, is: %s',
  (limit, rate, state) => {
    const finding = judgeQuotas({ limit, region: 'eu-central-1' }, rate);

    expect(finding).toMatchObject({ state, what: expect.stringContaining('in eu-central-1') });
    if (state !== 'ok') expect(finding.remedy).toContain('--region eu-central-1');
  },
);

describe('darkroom doctor', () => {
  test('refuses a file that has no outputs of Darkroom, and sends nothing', async () => {
    const { run, write, api } = await darkroomContext();
    const file = await write('outputs.json', '{"Other-stack": {"Url": "https://example.com"}}');

    const { code, stderr } = await run(['doctor', '--outputs', file]);

    expect(stderr).toContain('outputs.json has no outputs of Darkroom');
    expect(code).toBe(1);
    expect(api.calls()).toEqual([]);
  });

  test('takes --listen for a deployment only with the address that leads to it', async () => {
    const { run } = await darkroomContext();
    const deployed = ['--url', 'https://api.example.com', '--key', key];

    const { code, stderr } = await run(['doctor', ...deployed, '--listen']);

    expect(stderr).toContain('--callback-url');
    expect(code).toBe(2);
  });

  test('takes --listen only with a webhook secret', async () => {
    const { run } = await darkroomContext();

    const { code, stderr } = await run(['doctor', '--listen']);

    expect(stderr).toContain('No webhook secret');
    expect(code).toBe(2);
  });
});
