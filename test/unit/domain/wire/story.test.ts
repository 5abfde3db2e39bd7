import { describe, expect, test } from 'vitest';
import type { CallbackRecord, Task } from '../../../../functions/domain/model/task.ts';
import { inputLinksOf } from '../../../../functions/domain/wire/story.ts';
import * as schemas from '../../../../functions/domain/wire/task-schemas.ts';
import { createdView, taskView } from '../../../../functions/domain/wire/view.ts';
import {
  completed,
  failed,
  pending,
  processing,
  sampleId,
  sampleTime,
} from '../../../support/tasks.ts';

const context = {
  now: sampleTime,
  typicalSeconds: 30,
  resultLink: (n: number) => `https://api.example.com/v1/results/${sampleId}/${n}`,
};
// As it is sent: undefined fields are left out. The schema refuses a field that is not declared.
const sent = (task: Task, more: Partial<Parameters<typeof taskView>[1]> = {}) =>
  schemas.Task.parse(JSON.parse(JSON.stringify(taskView(task, { ...context, ...more }))));

describe('the request in a task', () => {
  test('says what was asked, in the fields of the create, with what was left out left out', () => {
    const options = { negativePrompt: 'fog', size: '768x768', seed: 0, watermark: false };

    expect(sent(pending({ options, n: 3 })).request).toEqual({
      prompt: pending().prompt,
      negative_prompt: 'fog',
      inputs: [{ type: 'url', url: 'https://example.com/cat.png' }],
      n: 3,
      size: '768x768',
      seed: 0,
      watermark: false,
    });
  });

  test('shows each picture as it was sent, with a link to its copy where there is one', () => {
    const inputs = [
      { kind: 'upload', contentType: 'image/png' },
      { kind: 'url', url: 'https://example.com/cat.png?token=1' },
      { kind: 'file', fileId: 'file-0123456789abcdefghijklmnop' },
    ] as const;
    const inputLinks = ['https://bucket.example.com/0', 'https://bucket.example.com/1'];

    expect(sent(processing({ inputs }), { inputLinks }).request.inputs).toEqual([
      { type: 'upload', content_type: 'image/png', link: 'https://bucket.example.com/0' },
      {
        type: 'url',
        url: 'https://example.com/cat.png?token=1',
        link: 'https://bucket.example.com/1',
      },
      { type: 'file', file_id: 'file-0123456789abcdefghijklmnop' },
    ]);
  });

  test.each([
    '<img src=x onerror=alert(1)>',
    '\u202etxet\u2066 with bidi \u0000 and \u001b[31m',
    '{"n": 9}',
    '__proto__',
  ])('has the prompt %j to the character: it is data', (prompt) => {
    const metadata = { constructor: prompt };

    expect(sent(completed({ prompt, metadata }))).toMatchObject({ request: { prompt }, metadata });
  });

  test('names the key that created the task, also a task that was stored without the name', () => {
    expect(sent(pending({ keyName: 'shop "1"' })).key).toEqual({
      id: pending().keyId,
      name: 'shop "1"',
    });
    expect(sent(pending()).key.name).toBeNull();
  });

  test('is in no response to a create', () => {
    expect(createdView(pending(), context, [])).not.toHaveProperty('request');
  });
});

describe('the times of a task', () => {
  test.each<[string, Task, object]>([
    [
      'waits for its pictures',
      pending(),
      { created_at: 1_757_156_493, started_at: null, completed_at: null, expires_at: null },
    ],
    ['runs', processing(), { started_at: 1_757_156_494, completed_at: null, expires_at: null }],
    [
      'ended',
      completed({ startedAt: sampleTime + 1999, expiresAt: sampleTime + 90_000 }),
      {
        started_at: 1_757_156_494,
        completed_at: 1_757_156_533,
        expires_at: 1_757_156_583,
      },
    ],
    ['ended before there was a time to delete it', failed(), { expires_at: null }],
  ])(
    'of a task that %s are in whole seconds, and null when they are not known',
    (_, task, times) => {
      expect(sent(task)).toMatchObject(times);
    },
  );
});

describe('the events of a task', () => {
  const names = (task: Task, more = {}) => sent(task, more).events.map(({ type }) => type);
  const whole = {
    startedAt: sampleTime + 1000,
    prepared: { at: sampleTime + 2000, formats: ['png'] },
    queuedAt: sampleTime + 2100,
    submittedAt: sampleTime + 9000,
    generatedAt: sampleTime + 38_000,
  } as const;

  test('tell the whole life of a task in order, to the millisecond', () => {
    const attempts = [
      { at: sampleTime + 40_010, milliseconds: 3, status: 500 },
      { at: sampleTime + 41_010, milliseconds: 3, status: 200 },
    ];
    const task = completed({ ...whole, n: 2, reserved: 2400 });

    expect(sent(task, { attempts }).events).toEqual([
      { type: 'created', at: 1_757_156_493 },
      { type: 'started', at: 1_757_156_494 },
      { type: 'inputs_checked', at: 1_757_156_495 },
      { type: 'queued', at: 1_757_156_495.1 },
      { type: 'submitted', at: 1_757_156_502 },
      { type: 'generated', at: 1_757_156_531 },
      { type: 'stored', at: 1_757_156_533 },
      { type: 'charged', at: 1_757_156_533 },
      { type: 'returned', at: 1_757_156_533 },
      { type: 'callback_attempted', at: 1_757_156_533.01 },
      { type: 'callback_attempted', at: 1_757_156_534.01 },
    ]);
  });

  test.each<[string, Task, readonly string[]]>([
    ['was just created', pending(), ['created']],
    [
      'waits for its turn',
      pending({ startedAt: 1, queue: { pools: ['a'], since: sampleTime + 5 } }),
      ['started', 'created', 'queued'],
    ],
    ['runs', processing(), ['created', 'started', 'submitted']],
    [
      'was generated and is being stored',
      processing({ outcome: { state: 'succeeded', images: [] }, outcomeAt: sampleTime + 4000 }),
      ['created', 'started', 'submitted', 'generated'],
    ],
    [
      'is about to fail',
      processing({ outcome: { state: 'failed', failure: failed().failure }, outcomeAt: 4 }),
      ['created', 'started', 'submitted'],
    ],
    ['ended with all its images', completed(), ['created', 'stored', 'charged']],
    ['failed', failed(), ['created', 'failed', 'returned']],
    [
      'failed because none of its images could be fetched',
      failed({ generatedAt: sampleTime + 5 }),
      ['created', 'generated', 'failed', 'returned'],
    ],
    [
      'was cancelled',
      failed({ cancelledAt: sampleTime + 100 }),
      ['created', 'cancel_requested', 'failed', 'returned'],
    ],
  ])('of one that %s', (_, task, expected) => {
    expect(names(task)).toEqual(expected);
  });
});

describe('the cost of a task', () => {
  test.each<[string, Task, object]>([
    ['reserved while it runs', processing(), { credits_reserved: 1.2 }],
    [
      'charged and returned, for the part that was made',
      completed({ n: 2, reserved: 2400, charged: 1200 }),
      { credits_reserved: 2.4, credits_used: 1.2, credits_returned: 1.2 },
    ],
    ['all returned when it failed', failed(), { credits_used: 0, credits_returned: 1.2 }],
  ])('is %s', (_, task, usage) => {
    expect(sent(task).usage).toMatchObject(usage);
  });
});

describe('the callback of a task', () => {
  const callbackUrl = 'https://shop.example.com/done?token=1';
  const with_ = (callback: CallbackRecord, more = {}) => ({ callbackUrl, callback, ...more });
  const nothingYet = {
    url: callbackUrl,
    status: 'pending',
    attempt_count: 0,
    last_status: null,
    next_attempt_at: null,
  };

  test.each<[string, Task, object]>([
    ['pending while the task runs', processing({ callbackUrl }), nothingYet],
    ['pending when the task has just ended', completed({ callbackUrl }), nothingYet],
    [
      'pending before the first attempt, whenever the reconciler checks it',
      completed(with_({ state: 'pending', attempts: 0 }, { nextCheckAt: sampleTime })),
      nothingYet,
    ],
    [
      'retrying after attempts without a response, with the time of the next one',
      completed(
        with_(
          { state: 'retrying', attempts: 2 },
          { callbackAttempts: 2, nextCheckAt: sampleTime + 60_001 },
        ),
      ),
      {
        status: 'retrying',
        attempt_count: 2,
        last_status: null,
        next_attempt_at: 1_757_156_554,
      },
    ],
    [
      'delivered, and counts the attempts before it was sent again',
      failed(with_({ state: 'delivered', attempts: 3, lastStatus: 204 }, { callbackAttempts: 9 })),
      { status: 'delivered', attempt_count: 9, last_status: 204, next_attempt_at: null },
    ],
    [
      'undelivered after the last attempt',
      failed(with_({ state: 'undelivered', attempts: 7, lastStatus: 500 })),
      { status: 'undelivered', last_status: 500, next_attempt_at: null },
    ],
  ])('is %s', (_, task, callback) => {
    expect(sent(task).callback).toMatchObject(callback);
    expect(sent(task).callback).not.toHaveProperty('attempts');
  });

  test('has its attempts in words, where they were read', () => {
    const attempts = [
      { at: sampleTime + 1, milliseconds: 10_000, reason: 'took too long to answer' },
      { at: sampleTime + 2, milliseconds: 7, status: 302 },
      { at: sampleTime + 3, milliseconds: 8, status: 404, text: '<b>no</b>' },
      { at: sampleTime + 4, milliseconds: 9, status: 204 },
    ];

    expect(sent(completed({ callbackUrl }), { attempts }).callback?.attempts).toEqual([
      {
        at: 1_757_156_493.001,
        ms: 10_000,
        status: null,
        reason: 'callback_url took too long to answer',
        response_text: null,
      },
      {
        at: 1_757_156_493.002,
        ms: 7,
        status: 302,
        reason:
          'callback_url answered with the status 302, and only a 2xx means that an event was received; redirects are not followed',
        response_text: null,
      },
      {
        at: 1_757_156_493.003,
        ms: 8,
        status: 404,
        reason: expect.stringContaining('answered with the status 404'),
        response_text: '<b>no</b>',
      },
      { at: 1_757_156_493.004, ms: 9, status: 204, reason: null, response_text: null },
    ]);
  });

  test.each([pending(), processing(), completed(), failed()])(
    'is missing in a $status task without a callback_url',
    (task) => {
      expect(sent(task, { attempts: [] })).not.toHaveProperty('callback');
    },
  );
});

describe('the links to the inputs', () => {
  const dayMs = 24 * 60 * 60 * 1000;
  const links = inputLinksOf(async (id, index, format) => `${id}/${index}.${format}`);
  const prepared = { at: sampleTime, formats: ['png', 'jpeg'] } as const;

  test('lead to the private copies, as long as the bucket has them', async () => {
    const expected = [`${sampleId}/0.png`, `${sampleId}/1.jpeg`];

    expect(await links(completed({ prepared }), sampleTime)).toEqual(expected);
    expect(await links(completed({ prepared }), sampleTime + 3 * dayMs - 1)).toEqual(expected);
    expect(await links(completed({ prepared }), sampleTime + 3 * dayMs)).toEqual([]);
  });

  test('are none before the inputs were checked', async () => {
    expect(await links(pending(), sampleTime)).toEqual([]);
  });
});
