import { describe, expect, test } from 'vitest';
import { activityLog } from '../../../local/activity-log.ts';

const request = {
  requestId: 'r1',
  method: 'GET',
  path: '/v1/credits',
  routeKey: 'GET /v1/credits',
  pathParameters: undefined,
  status: 200,
  milliseconds: 12.4,
};
const handled = (fields: object = {}) =>
  JSON.stringify({ message: 'request.handled', requestId: 'r1', keyName: 'shop', ...fields });

/** A log whose clock stands still. */
function setUp() {
  const printed: string[] = [];
  const log = activityLog({
    print: (line) => printed.push(line),
    now: () => new Date(2026, 2, 1, 9, 5, 7).getTime(),
  });
  return { ...log, printed };
}

describe('a request', () => {
  const line = '09:05:07 GET /v1/credits 200 12 ms shop';

  test('is one line with the name of its key', () => {
    const { onRequest, onLog, printed } = setUp();
    onLog('Read', handled());
    expect(printed).toEqual([]);
    onRequest(request);

    expect(printed).toEqual([line]);
  });

  test('that reached no function is printed all the same', () => {
    const { onRequest, printed } = setUp();
    onRequest({ ...request, routeKey: undefined, status: 404 });

    expect(printed).toEqual(['09:05:07 GET /v1/credits 404 12 ms']);
  });

  test('that was refused says why', () => {
    const { onRequest, onLog, printed } = setUp();
    onLog('Read', handled({ message: 'request.failed', code: 'rate_limit_exceeded' }));
    onRequest({ ...request, status: 429 });

    expect(printed).toEqual(['09:05:07 GET /v1/credits 429 12 ms shop rate_limit_exceeded']);
  });

  test('does not show the secret in its path', () => {
    const { onRequest, printed } = setUp();
    onRequest({
      ...request,
      path: '/v1/providers/fal/callbacks/task-1/topsecret',
      routeKey: 'POST /v1/providers/{provider}/callbacks/{job}/{secret}',
      pathParameters: { provider: 'fal', job: 'task-1', secret: 'topsecret' },
    });
    onRequest({ ...request, requestId: 'r2', path: '/v1/sk-dr-AbCdEf/x' });

    expect(printed).toEqual([
      '09:05:07 GET /v1/providers/fal/callbacks/task-1/… 200 12 ms',
      '09:05:07 GET /v1/sk-dr-…/x 200 12 ms',
    ]);
  });

  test('cannot move the cursor of the terminal', () => {
    const { onRequest, onLog, printed } = setUp();
    onLog('Read', handled({ keyName: 'a\u001b[2Jb' }));
    onRequest(request);

    expect(printed).toEqual(['09:05:07 GET /v1/credits 200 12 ms a?[2Jb']);
  });
});

describe('an event of a task', () => {
  test.each([
    [{ message: 'task.checked' }, 'checked'],
    [{ message: 'task.submitted', provider: 'fal' }, 'submitted to fal'],
    [
      { message: 'provider.fallback', provider: 'fal' },
      'not accepted by fal, the next provider is tried',
    ],
    [{ message: 'task.generated' }, 'generated'],
    [{ message: 'task.generated', code: 'job_lost' }, 'not generated (job_lost)'],
    [{ message: 'task.settled', count: 1, credits: 1.2 }, 'settled: 1 image, 1.2 credits charged'],
    [{ message: 'task.settled', count: 2, credits: 2.4 }, 'settled: 2 images, 2.4 credits charged'],
    [
      { message: 'task.settled', code: 'cancelled', count: 0, credits: 0 },
      'settled: failed (cancelled), nothing charged',
    ],
    [{ message: 'state.failed', code: 'bad' }, 'stopped at a step (bad)'],
    [{ message: 'state.failed', cause: { name: 'TypeError' } }, 'stopped at a step (TypeError)'],
    [
      { message: 'callback.attempted', code: 'delivered', count: 1, status: 204 },
      'delivered (status 204)',
    ],
    [
      { message: 'callback.attempted', code: 'retrying', count: 5 },
      'not delivered yet: attempt 5 (no response)',
    ],
    [
      {
        message: 'callback.attempted',
        code: 'retrying',
        count: 2,
        cause: {
          name: 'CallbackFailed',
          cause: { name: 'Unreachable', reason: 'refused the connection' },
        },
      },
      'not delivered yet: attempt 2 (callback_url refused the connection)',
    ],
    [
      { message: 'callback.attempted', code: 'undelivered', count: 7, status: 500 },
      'not delivered: given up after attempt 7 (status 500)',
    ],
  ])('%j is "%s"', (fields, sentence) => {
    const { onLog, printed } = setUp();
    onLog('Work', JSON.stringify({ taskId: 'task-1', ...fields }));

    expect(printed).toEqual([`09:05:07 task-1 ${sentence}`]);
  });

  test('that several attempts report at the same time is printed once', () => {
    const { onLog, printed } = setUp();
    for (const taskId of ['task-1', 'task-1', 'task-2', 'task-1']) {
      onLog('Work', JSON.stringify({ message: 'task.generated', taskId }));
    }

    expect(printed.map((line) => line.slice(9))).toEqual([
      'task-1 generated',
      'task-2 generated',
      'task-1 generated',
    ]);
  });

  test('that is not important, and a line that is not one of our events, are not printed', () => {
    const { onLog, printed } = setUp();
    onLog('Work', '{"message":"duration.not_recorded","taskId":"task-1"}');
    onLog('Work', '{"message":"state.failed","taskId":"1","cause":{"name":"CallbackFailed"}}');
    onLog('Work', '{"_aws":{}}');
    onLog('Work', 'Error: at line 3');
    onLog('Work', '[1]');

    expect(printed).toEqual([]);
  });
});

test('a function that breaks down, or lacks a permission, is named', () => {
  const { onLog, printed } = setUp();
  const failure = (errorType: string) => JSON.stringify({ message: 'Invoke Error', errorType });
  onLog('Work', failure('Sandbox.Timedout'));
  onLog('Work', failure('ProviderBusy'));
  onLog('Read', '{"message":"Access denied","reason":"…"}');

  expect(printed).toEqual([
    '09:05:07 Work broke down (Sandbox.Timedout); its log says more',
    '09:05:07 Read lacks a permission; its log says which',
  ]);
});
