import { expect, test } from 'vitest';
import { step, TaskInput, WaitInput } from '../../../functions/runtime/step.ts';
import { ProviderBusy } from '../../../functions/task/failures.ts';
import { thrownBy } from '../provider/upstream.ts';
import { lines } from './lines.ts';

const written = lines();
const echo = step(WaitInput, async (input) => input);

test('a state gets what it asked for, whatever else the machine carries', async () => {
  const carried = { taskId: 't', token: 'secret-token', waitSeconds: 5, error: {} };

  expect(await echo(carried)).toEqual({ taskId: 't', token: 'secret-token' });
});

test.each([undefined, {}, { taskId: 't' }, { taskId: '', token: 'x' }, { taskId: 't', token: '' }])(
  'an input like %j never reaches the state',
  async (input) => {
    await expect(echo(input)).rejects.toThrow();
  },
);

test('an error escapes as it is, since the state machine matches its name', async () => {
  const error = new ProviderBusy('not now');
  const failing = step(TaskInput, () => Promise.reject(error));

  expect(await thrownBy(failing({ taskId: 't' }))).toBe(error);
});

test('the log says which task and which error, and no token', async () => {
  const failing = step(WaitInput, () => Promise.reject(new ProviderBusy('quoting secret-token')));

  await thrownBy(failing({ taskId: 'task-7', token: 'secret-token' }));

  expect(written.last()).toMatchObject({
    ...{
      level: 'WARN',
      message: 'state.failed',
      taskId: 'task-7',
      cause: { name: 'ProviderBusy' },
    },
  });
  expect(written.text()).not.toContain('secret-token');
});
