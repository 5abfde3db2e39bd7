import { expect, test } from 'vitest';
import { storeOnce } from '../../../console/pictures/store-once.ts';
import { makeStarts } from '../../../console/screens/create/starts.ts';

const lost = new Error('the answer was lost');
const refused = new Error('refused');

/** Starts through an API that answers as the test says, and records the keys and the bodies. */
function starter() {
  let keys = 0;
  const starts = makeStarts<object, { readonly id: string }>({
    newKey: () => `key-${++keys}`,
    isDecided: (error) => error === refused,
  });
  const sent: string[] = [];
  const run = (body: object, answer: () => Promise<unknown> = async () => {}) =>
    starts.run({
      prepare: async () => body,
      create: async (of, key) => {
        sent.push(`${key} ${JSON.stringify(of)}`);
        await answer();
        return { id: `task-of-${key}` };
      },
      send: async () => {},
    });
  const fail = (error: Error) => () => Promise.reject(error);
  return { starts, sent, run, fail };
}

test('a start whose answer was lost is repeated under its key, also from another screen', async () => {
  const { starts, sent, run, fail } = starter();
  await run({ a: 1 }, fail(lost));
  expect(starts.shown().error).toBe(lost);

  starts.hide();
  expect(starts.shown().error).toBe(undefined);
  await run({ a: 1 });

  expect(sent).toEqual(['key-1 {"a":1}', 'key-1 {"a":1}']);
  expect(starts.shown().taskId).toBe('task-of-key-1');
});

test('a refused start, a changed body and one more after a success have keys of their own', async () => {
  const { sent, run, fail } = starter();
  await run({ a: 1 }, fail(refused));
  await run({ a: 1 }, fail(lost));
  await run({ a: 2 });
  await run({ a: 2 });

  expect(sent.map((one) => one.split(' ')[0])).toEqual(['key-1', 'key-2', 'key-3', 'key-4']);
});

test('while one start is on its way there is no other, and leaving the screen does not hide that', async () => {
  const { starts, sent, run } = starter();
  const answer = Promise.withResolvers<void>();
  const first = run({ a: 1 }, () => answer.promise);
  await Promise.resolve();
  starts.hide();
  expect(starts.shown().step).toBe('Sending');
  await run({ a: 2 });
  expect(sent).toHaveLength(1);

  answer.resolve();
  await first;
  expect(starts.shown()).toEqual({ taskId: 'task-of-key-1' });
});

test('after a sign-out nothing of a start is shown or repeated, and nothing is sent with the key of the next user', async () => {
  const { starts, sent, run, fail } = starter();
  await run({ a: 1 }, fail(lost));
  const stored = Promise.withResolvers<object>();
  const late = starts.run({
    prepare: () => stored.promise,
    create: async (_, key) => ({ id: sent[sent.push(key)] ?? key }),
    send: async () => {},
  });
  starts.forget();
  stored.resolve({ a: 1 });
  await late;
  expect(starts.shown()).toEqual({});
  expect(sent).toHaveLength(1);

  await run({ a: 1 });
  expect(sent[1]).toBe('key-2 {"a":1}');
});

test('a picture is stored once, and anew after a failure or when its address has expired and nothing is unclear', async () => {
  let stored = 0;
  let now = 0;
  const answers = [false, true, true];
  const store = storeOnce(
    async () => {
      if (!answers[stored++]) throw lost;
      return { url: `https://files/${stored}`, expires_at: 3600 };
    },
    () => now,
  );
  const picture = {};
  await expect(store(picture, true)).rejects.toBe(lost);
  expect([await store(picture, true), await store(picture, true)]).toEqual([
    'https://files/2',
    'https://files/2',
  ]);

  now = 3_600_001;
  expect(await store(picture, false)).toBe('https://files/2');
  expect(await store(picture, true)).toBe('https://files/3');
  await expect(store({}, true)).rejects.toBe(lost);
});
