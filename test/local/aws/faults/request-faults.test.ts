import { describe, expect, test } from 'vitest';
import { runningStack } from './running-stack.ts';

describe('a start', () => {
  test('succeeds when there is no fault', async () => {
    const { start, requestsTo, count } = await runningStack();
    await start('a');

    expect(await requestsTo('/wait')).toHaveLength(1);
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('that fails once succeeds by the SDK’s retry', async () => {
    const { start, requestsTo, faults } = await runningStack();
    const fault = faults.breakRequest({ kind: 'start', fault: 'fail' });

    expect((await start('a')).$metadata.attempts).toBe(2);
    expect(fault.hasHappened()).toBe(true);
    expect(await requestsTo('/wait')).toHaveLength(1);
  });

  test('that fails three times is given up, and starts no execution', async () => {
    const { start, count, faults } = await runningStack();
    faults.breakRequest({ kind: 'start', fault: 'fail', times: 3 });

    await expect(start('a')).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500, attempts: 3 },
    });
    expect(count('a', 'ExecutionStarted')).toBe(0);
    await start('a');
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('whose responses are all lost starts one execution', async () => {
    const { start, count, faults } = await runningStack();
    faults.breakRequest({ kind: 'start', fault: 'lose-response', times: 3 });

    await expect(start('a')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('that is duplicated starts one execution', async () => {
    const { start, requestsTo, count, faults } = await runningStack();
    faults.breakRequest({ kind: 'start', fault: 'duplicate' });
    await start('a');

    expect(await requestsTo('/wait')).toHaveLength(1);
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('may be delayed', async () => {
    const { start, requestsTo, faults } = await runningStack();
    faults.breakRequest({ kind: 'start', fault: 'delay', delayMs: 60_000 });
    const late = start('late', { name: 'late' });
    await start('next', { name: 'next' });

    expect((await late).$metadata.attempts).toBe(1);
    expect(await requestsTo('/work', 2)).toEqual([{ name: 'next' }, { name: 'late' }]);
  });

  test('has a fault only when its body matches', async () => {
    const { start, faults } = await runningStack();
    const fault = faults.breakRequest({
      kind: 'start',
      fault: 'fail',
      matching: (body) => JSON.stringify(body).includes('"name":"b"'),
    });
    const attempts = [await start('a'), await start('b')].map(
      ({ $metadata }) => $metadata.attempts,
    );

    expect(attempts).toEqual([1, 2]);
    expect(fault.hasHappened()).toBe(true);
  });
});

describe('a request with a task token', () => {
  test('that fails ends no task', async () => {
    const { start, requestsTo, wake, count, faults } = await runningStack();
    await start('a');
    const [{ token }] = await requestsTo('/wait');
    faults.breakRequest({ kind: 'task-token', fault: 'fail', times: 3 });

    await expect(wake(token)).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(count('a', 'TaskSucceeded')).toBe(0);
    await wake(token);
  });

  test('whose response is lost finds the task ended at its retry', async () => {
    const { start, requestsTo, wake, faults } = await runningStack();
    await start('a');
    const [{ token }] = await requestsTo('/wait');
    faults.breakRequest({ kind: 'task-token', fault: 'lose-response' });

    await expect(wake(token)).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test('that is duplicated gets the response of the first one', async () => {
    const { start, requestsTo, wake, faults } = await runningStack();
    await start('a');
    const [{ token }] = await requestsTo('/wait');
    faults.breakRequest({ kind: 'task-token', fault: 'duplicate' });

    expect((await wake(token)).$metadata.httpStatusCode).toBe(200);
  });
});
