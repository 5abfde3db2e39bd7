import { describe, expect, test } from 'vitest';
import { world } from './world.ts';

describe('a start', () => {
  test('is what it is without orders', async () => {
    const { start, heard, count } = await world();
    await start('a');

    expect(await heard('/wait')).toHaveLength(1);
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('that is refused once is made good by the SDK', async () => {
    const { start, heard, faults } = await world();
    const order = faults.request({ of: 'start', fault: 'refuse' });

    expect((await start('a')).$metadata.attempts).toBe(2);
    expect(order.hasHappened()).toBe(true);
    expect(await heard('/wait')).toHaveLength(1);
  });

  test('that is refused three times is given up, and was never made', async () => {
    const { start, count, faults } = await world();
    faults.request({ of: 'start', fault: 'refuse', times: 3 });

    await expect(start('a')).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500, attempts: 3 },
    });
    expect(count('a', 'ExecutionStarted')).toBe(0);
    await start('a');
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('whose answers are all lost was made, once', async () => {
    const { start, count, faults } = await world();
    faults.request({ of: 'start', fault: 'lose', times: 3 });

    await expect(start('a')).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('that comes twice starts one execution', async () => {
    const { start, heard, count, faults } = await world();
    faults.request({ of: 'start', fault: 'duplicate' });
    await start('a');

    expect(await heard('/wait')).toHaveLength(1);
    expect(count('a', 'ExecutionStarted')).toBe(1);
  });

  test('may be made late', async () => {
    const { start, heard, faults } = await world();
    faults.request({ of: 'start', fault: 'delay', delayMs: 60_000 });
    const late = start('late', { name: 'late' });
    await start('next', { name: 'next' });

    expect((await late).$metadata.attempts).toBe(1);
    expect(await heard('/work', 2)).toEqual([{ name: 'next' }, { name: 'late' }]);
  });

  test('is ordered by what it starts', async () => {
    const { start, faults } = await world();
    const order = faults.request({
      ...{ of: 'start', fault: 'refuse' },
      matching: (body) => JSON.stringify(body).includes('"name":"b"'),
    });
    const attempts = [await start('a'), await start('b')].map(
      ({ $metadata }) => $metadata.attempts,
    );

    expect(attempts).toEqual([1, 2]);
    expect(order.hasHappened()).toBe(true);
  });
});

describe('a wake-up', () => {
  test('that is refused wakes nobody', async () => {
    const { start, heard, wake, count, faults } = await world();
    await start('a');
    const [{ token }] = await heard('/wait');
    faults.request({ of: 'wake-up', fault: 'refuse', times: 3 });

    await expect(wake(token)).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(count('a', 'TaskSucceeded')).toBe(0);
    await wake(token);
  });

  test('whose answer is lost finds nobody waiting when it is tried again', async () => {
    const { start, heard, wake, faults } = await world();
    await start('a');
    const [{ token }] = await heard('/wait');
    faults.request({ of: 'wake-up', fault: 'lose' });

    await expect(wake(token)).rejects.toMatchObject({ name: 'TaskTimedOut' });
  });

  test('that comes twice is answered as the first one', async () => {
    const { start, heard, wake, faults } = await world();
    await start('a');
    const [{ token }] = await heard('/wait');
    faults.request({ of: 'wake-up', fault: 'duplicate' });

    expect((await wake(token)).$metadata.httpStatusCode).toBe(200);
  });
});
