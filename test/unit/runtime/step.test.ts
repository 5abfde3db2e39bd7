import { expect, test } from 'vitest';
import { ProviderBusy } from '../../../functions/domain/model/workflow-errors.ts';
import { TaskInput, WaitInput } from '../../../functions/domain/tasks/state-inputs.ts';
import { step } from '../../../functions/runtime/step.ts';
import { thrownBy } from '../../support/thrown-by.ts';
import { lines } from './lines.ts';

const written = lines();
const echo = step(WaitInput, async (input) => input);

test('a state gets the fields of its schema, and no other field of its input', async () => {
  const input = { taskId: 't', token: 'secret-token', waitSeconds: 5, error: {} };

  expect(await echo(input)).toEqual({ taskId: 't', token: 'secret-token' });
});

test.each([undefined, {}, { taskId: 't' }, { taskId: '', token: 'x' }, { taskId: 't', token: '' }])(
  'the input %j is rejected before the state runs',
  async (input) => {
    await expect(echo(input)).rejects.toThrow();
  },
);

test('an error is thrown on unchanged, because the state machine matches its name', async () => {
  const error = new ProviderBusy('not now');
  const failing = step(TaskInput, () => Promise.reject(error));

  expect(await thrownBy(failing({ taskId: 't' }))).toBe(error);
});

test('an error is logged with its task and its name, and without the task token', async () => {
  const failing = step(WaitInput, () => Promise.reject(new ProviderBusy('quoting secret-token')));

  await thrownBy(failing({ taskId: 'task-7', token: 'secret-token' }));

  expect(written.last()).toMatchObject({
    level: 'WARN',
    message: 'state.failed',
    taskId: 'task-7',
    cause: { name: 'ProviderBusy' },
  });
  expect(written.text()).not.toContain('secret-token');
});
