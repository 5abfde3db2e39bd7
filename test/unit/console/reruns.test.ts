import { expect, test } from 'vitest';
import { ApiError } from '../../../console/api/api-error.ts';
import { retryWhileSignedIn } from '../../../console/api/retry.ts';
import { makeReruns } from '../../../console/screens/tasks/reruns.ts';

type Request = { readonly key: string };
type Made = { readonly id: string; readonly status: string };

const lost = new Error('the picture could not be sent');
const refused = new Error('refused');

/** An API that makes one task for each key, as the real one does. The test sets the statuses of the tasks. */
function runner() {
  const reruns = makeReruns<Request, Made>((error) => error === refused);
  const created: string[] = [];
  const sent: string[] = [];
  const statuses = new Map<string, string>();
  let keys = 0;
  const state = { isSignedIn: true };
  const check = () => {
    if (!state.isSignedIn) throw new Error('signed out');
  };
  type Failing = Partial<Record<'prepare' | 'create' | 'send', () => Promise<void>>>;
  const run = ({ prepare, create, send }: Failing = {}) =>
    reruns.run('task-1', {
      check,
      prepare: async () => {
        await prepare?.();
        return { key: `key-${++keys}` };
      },
      create: async ({ key }) => {
        created.push(key);
        await create?.();
        return { id: `task-of-${key}`, status: statuses.get(key) ?? 'pending' };
      },
      send: async ({ id }) => {
        await send?.();
        sent.push(id);
      },
    });
  return { reruns, created, sent, statuses, state, run };
}
const fail = (error: Error) => () => Promise.reject(error);

test('a task whose pictures were not sent gets them when the request is repeated, and is not made twice', async () => {
  const { created, sent, run } = runner();
  await expect(run({ send: fail(lost) })).rejects.toBe(lost);

  expect(await run()).toEqual({ id: 'task-of-key-1', status: 'pending' });

  expect(created).toEqual(['key-1', 'key-1']);
  expect(sent).toEqual(['task-of-key-1']);
});

test('a task that has failed meanwhile because it got no pictures is replaced by a new one when the request is repeated', async () => {
  const { created, sent, statuses, run } = runner();
  await expect(run({ send: fail(lost) })).rejects.toBe(lost);
  statuses.set('key-1', 'failed');

  expect(await run()).toEqual({ id: 'task-of-key-2', status: 'pending' });

  expect(created).toEqual(['key-1', 'key-1', 'key-2']);
  expect(sent).toEqual(['task-of-key-2']);
});

test('a request that was refused, or has succeeded, is not repeated', async () => {
  const { created, run } = runner();
  await expect(run({ create: fail(refused) })).rejects.toBe(refused);
  await run();
  await run();

  expect(created).toEqual(['key-1', 'key-2', 'key-3']);
});

test.each(['prepare', 'create'] as const)(
  'after a sign-out during the step %s nothing more is sent, and nothing is kept for the next user',
  async (step) => {
    const { reruns, created, sent, state, run } = runner();
    const signOut = async () => {
      state.isSignedIn = false;
      reruns.forget();
    };
    await expect(run({ [step]: signOut })).rejects.toThrow('signed out');
    const ofFirst = step === 'prepare' ? [] : ['key-1'];
    expect(created).toEqual(ofFirst);
    expect(sent).toEqual([]);

    state.isSignedIn = true;
    await run();
    expect(created).toEqual([...ofFirst, 'key-2']);
  },
);

test('a request that waits for its next try is not sent when somebody else has signed in meanwhile', async () => {
  let isMine = true;
  let tries = 0;
  const busy = new ApiError({ status: 429, code: 'rate_limit_exceeded', message: 'Too many.' });
  const retryTemporary = retryWhileSignedIn(
    () => isMine,
    async () => {
      isMine = false;
    },
  );

  const request = async () => {
    tries += 1;
    throw busy;
  };
  await expect(retryTemporary(request)).rejects.toThrow('you have signed out');
  expect(tries).toBe(1);
});
