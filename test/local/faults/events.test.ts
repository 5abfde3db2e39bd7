import { expect, test } from 'vitest';
import { world } from './world.ts';

const keysOf = (events: readonly { Records?: { s3: { object: { key: string } } }[] }[]) =>
  events.flatMap(({ Records = [] }) => Records.map(({ s3 }) => s3.object.key));

test('without orders every event comes once', async () => {
  const { put, sweep, heard } = await world();
  await put('a');
  await heard('/hear');
  await sweep();

  expect(await heard('/hear', 2)).toMatchObject([
    { Records: [{ s3: { object: { key: 'a' } } }] },
    { source: 'aws.events' },
  ]);
});

test('an upload that nobody is told of is lost, and only that', async () => {
  const { put, heard, faults } = await world();
  const order = faults.event({ of: 's3', fault: 'drop' });
  await put('lost');
  await order.happened;
  await put('kept');

  expect(keysOf(await heard('/hear'))).toEqual(['kept']);
});

test('an upload may be told twice', async () => {
  const { put, heard, faults } = await world();
  faults.event({ of: 's3', fault: 'duplicate' });
  await put('twice');

  expect(keysOf(await heard('/hear', 2))).toEqual(['twice', 'twice']);
});

test('a duplicate may come later than what happened since', async () => {
  const { put, heard, faults } = await world();
  faults.event({ of: 's3', fault: 'duplicate', delayMs: 600_000 });
  await put('first');
  await heard('/hear');
  await put('second');

  expect(keysOf(await heard('/hear', 3))).toEqual(['first', 'second', 'first']);
});

test('an upload may be told late, by the laptop’s own time', async () => {
  const { put, heard, faults } = await world();
  faults.event({ of: 's3', fault: 'delay', delayMs: 60_000 });
  await put('late');
  await put('next');

  expect(keysOf(await heard('/hear', 2))).toEqual(['next', 'late']);
});

test('an order is for the event that fits', async () => {
  const { put, heard, faults } = await world();
  const fitting = faults.event({
    ...{ of: 's3', fault: 'drop', nth: 2 },
    matching: (event) => JSON.stringify(event).includes('odd'),
  });
  for (const key of ['odd-1', 'even-1', 'odd-2', 'even-2', 'odd-3']) {
    await put(key);
  }
  await fitting.happened;

  expect(keysOf(await heard('/hear', 4)).toSorted()).toEqual([
    ...['even-1', 'even-2', 'odd-1', 'odd-3'],
  ]);
});

test('a schedule may miss its time, or have it twice', async () => {
  const { sweep, heard, faults } = await world();
  faults.event({ of: 'schedule', fault: 'drop' });
  expect(await sweep()).toMatchObject({ ok: false, errorType: 'EventLost' });
  faults.event({ of: 'schedule', fault: 'duplicate' });
  expect(await sweep()).toMatchObject({ ok: true });

  expect(await heard('/hear', 2)).toHaveLength(2);
});

test('what is delayed does not come after the end', async () => {
  const { put, faults, receiver, close } = await world();
  const order = faults.event({ of: 's3', fault: 'delay', delayMs: 1e9 });
  await put('never');
  await order.happened;
  await close();

  expect(receiver.heard).toEqual([]);
});
