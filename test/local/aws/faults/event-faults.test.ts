import { expect, test } from 'vitest';
import { runningStack } from './running-stack.ts';

const keysOf = (events: readonly { Records?: { s3: { object: { key: string } } }[] }[]) =>
  events.flatMap(({ Records = [] }) => Records.map(({ s3 }) => s3.object.key));

test('without faults every event is delivered once', async () => {
  const { put, runSchedule, requestsTo } = await runningStack();
  await put('a');
  await requestsTo('/event');
  await runSchedule();

  expect(await requestsTo('/event', 2)).toMatchObject([
    { Records: [{ s3: { object: { key: 'a' } } }] },
    { source: 'aws.events' },
  ]);
});

test('a dropped upload event is lost, and no other', async () => {
  const { put, requestsTo, faults } = await runningStack();
  const fault = faults.breakEvent({ source: 's3', fault: 'drop' });
  await put('lost');
  await fault.happened;
  await put('kept');

  expect(keysOf(await requestsTo('/event'))).toEqual(['kept']);
});

test('an upload event may be delivered twice', async () => {
  const { put, requestsTo, faults } = await runningStack();
  faults.breakEvent({ source: 's3', fault: 'duplicate' });
  await put('twice');

  expect(keysOf(await requestsTo('/event', 2))).toEqual(['twice', 'twice']);
});

test('a duplicate may be delivered after later events', async () => {
  const { put, requestsTo, faults } = await runningStack();
  faults.breakEvent({ source: 's3', fault: 'duplicate', delayMs: 600_000 });
  await put('first');
  await requestsTo('/event');
  await put('second');

  expect(keysOf(await requestsTo('/event', 3))).toEqual(['first', 'second', 'first']);
});

test('an upload event may be delayed, and the speed divides the delay', async () => {
  const { put, requestsTo, faults } = await runningStack();
  faults.breakEvent({ source: 's3', fault: 'delay', delayMs: 60_000 });
  await put('late');
  await put('next');

  expect(keysOf(await requestsTo('/event', 2))).toEqual(['next', 'late']);
});

test('a fault applies to the n-th event that matches', async () => {
  const { put, requestsTo, faults } = await runningStack();
  const fitting = faults.breakEvent({
    source: 's3',
    fault: 'drop',
    nth: 2,
    matching: (event) => JSON.stringify(event).includes('odd'),
  });
  for (const key of ['odd-1', 'even-1', 'odd-2', 'even-2', 'odd-3']) {
    await put(key);
  }
  await fitting.happened;

  expect(keysOf(await requestsTo('/event', 4)).toSorted()).toEqual([
    ...['even-1', 'even-2', 'odd-1', 'odd-3'],
  ]);
});

test('the event of a schedule may be dropped or duplicated', async () => {
  const { runSchedule, requestsTo, faults } = await runningStack();
  faults.breakEvent({ source: 'schedule', fault: 'drop' });
  expect(await runSchedule()).toMatchObject({ ok: false, errorType: 'EventLost' });
  faults.breakEvent({ source: 'schedule', fault: 'duplicate' });
  expect(await runSchedule()).toMatchObject({ ok: true });

  expect(await requestsTo('/event', 2)).toHaveLength(2);
});

test('a delayed event is not delivered after the stack is closed', async () => {
  const { put, faults, receiver, close } = await runningStack();
  const fault = faults.breakEvent({ source: 's3', fault: 'delay', delayMs: 1e9 });
  await put('never');
  await fault.happened;
  await close();

  expect(receiver.requests).toEqual([]);
});
