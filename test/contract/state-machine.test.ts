import {
  DescribeExecutionCommand,
  ListExecutionsCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { executions, starting, taskOf, waitingStates } from '../../functions/aws/state-machine.ts';
import { newTaskId } from '../../functions/task/ids.ts';
import { startStepFunctions } from '../../local/step-functions/step-functions.ts';
import { sampleId, sampleTime } from '../support/tasks.ts';
import { machines, sdk } from './stage.ts';

const [machine] = machines;
const stateMachineArn = machine?.arn ?? '';
const arnOf = (name: string) =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
const executionArn = arnOf(sampleId);
// A connection that was open breaks, a new one is refused.
const lost = expect.stringMatching(/^ECONN/);
const Waiting = z.object({ token: z.string() });

/** The machine of the template. Its functions answer at once, so it soon waits for a token. */
async function world() {
  const tokens: string[] = [];
  const entered: (string | undefined)[] = [];
  const listeners = new Set<() => void>();
  const { url, close } = await startStepFunctions({
    machines,
    invoke: async (_, payload) => {
      const { data } = Waiting.safeParse(payload);
      if (data) tokens.push(data.token);
      return { ok: true, payload: { taskId: sampleId, waitSeconds: 60, pollSeconds: 60 } };
    },
    onEvent: ({ type, state }) => {
      if (type === 'TaskStateEntered') entered.push(state);
      for (const look of listeners) look();
    },
  });
  const client = new SFNClient({ endpoint: url, ...sdk, maxAttempts: 1 });
  onTestFinished(async () => {
    client.destroy();
    await close();
  });
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => isThere() && resolve();
      listeners.add(look);
      look();
    });
  /** The token of the state that is the `nth` to wait, once it does. */
  const token = async (nth: number) => {
    await until(() => tokens.length >= nth);
    return tokens[nth - 1] ?? '';
  };
  return { client, entered, until, token, close, ...workflowOf(client) };
}

const workflowOf = (client: SFNClient) => ({
  ...starting(client, stateMachineArn),
  ...executions(client, stateMachineArn),
  ...waitingStates(client),
});

test('a task is started under its own name, and handed over by its id alone', async () => {
  const { client, start } = await world();

  await start(sampleId);

  const { input, name } = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect([name, JSON.parse(input ?? '')]).toEqual([sampleId, { taskId: sampleId }]);
});

test('starting twice is starting once, while it runs and when it is over', async () => {
  const { client, start } = await world();

  await Promise.all([start(sampleId), start(sampleId)]);
  await client.send(new StopExecutionCommand({ executionArn }));
  await start(sampleId);

  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions).toMatchObject([{ name: sampleId, status: 'ABORTED' }]);
});

test('the next execution of a task is another one, under its name and the number', async () => {
  const { client, start } = await world();

  await start(sampleId, 1);
  await Promise.all([start(sampleId, 2), start(sampleId, 2)]);
  await start(sampleId, 3);

  const { executions: all = [] } = await client.send(
    new ListExecutionsCommand({ stateMachineArn }),
  );
  const names = all.map(({ name }) => name ?? '').toSorted();
  expect(names).toEqual([sampleId, `${sampleId}-2`, `${sampleId}-3`]);
  expect(names.map(taskOf)).toEqual([sampleId, sampleId, sampleId]);
  const { input } = await client.send(
    new DescribeExecutionCommand({ executionArn: arnOf(`${sampleId}-2`) }),
  );
  expect(JSON.parse(input ?? '')).toEqual({ taskId: sampleId });
});

test.each([
  ['a task', newTaskId(sampleTime)],
  ['somebody', 'a-try-from-the-console-2'],
  ['nobody', ''],
])('a name that was given by %s without a number stays as it is', (_, name) => {
  expect(taskOf(name)).toBe(name);
});

test('an execution is absent until it is started, and over when it has ended', async () => {
  const { client, start, state } = await world();
  expect(await state(sampleId, 1)).toBe('absent');

  await start(sampleId);
  expect(await state(sampleId, 1)).toBe('running');
  expect(await state(sampleId, 2)).toBe('absent');

  await start(sampleId, 2);
  await client.send(new StopExecutionCommand({ executionArn: arnOf(`${sampleId}-2`) }));
  expect(await state(sampleId, 1)).toBe('running');
  expect(await state(sampleId, 2)).toBe('over');
});

test('an execution that went its way to the end is over too', async () => {
  const { start, state, finish, token, until, entered } = await world();
  await start(sampleId);

  await finish(await token(1));
  await finish(await token(2));
  await until(() => entered.includes('NotifyCaller'));

  await expect.poll(() => state(sampleId, 1)).toBe('over');
});

test('a machine that cannot be asked about an execution is an error', async () => {
  const { state, close } = await world();
  await close();

  await expect(state(sampleId, 1)).rejects.toMatchObject({ code: lost });
});

test('a start that fails otherwise is an error', async () => {
  const { client, start, close } = await world();

  const elsewhere = starting(client, `${stateMachineArn}-gone`);
  await expect(elsewhere.start(sampleId)).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
  await close();
  await expect(start(sampleId)).rejects.toMatchObject({ code: lost });
});

test('whoever waits is woken to ask, again and again, until the polling is finished', async () => {
  const { start, wake, finish, token, entered, until } = await world();
  await start(sampleId);

  await wake(await token(1));
  await wake(await token(2));
  await finish(await token(3));
  await until(() => entered.includes('NotifyCaller'));

  expect(entered.slice(2)).toEqual([
    ...['AwaitProvider', 'PollTask', 'PollTask', 'SettleTask', 'NotifyCaller'],
  ]);
});

test('a token that was used, or that nobody knows, is ignored', async () => {
  const { start, wake, finish, token } = await world();
  await start(sampleId);
  const used = await token(1);
  await wake(used);
  await token(2);

  for (const stale of [used, 'A'.repeat(128), 'made up']) {
    await expect(wake(stale)).resolves.toBeUndefined();
    await expect(finish(stale)).resolves.toBeUndefined();
  }
});

test('a token that could not be used for another reason is an error', async () => {
  const { wake, finish, close } = await world();

  await expect(wake('')).rejects.toMatchObject({ name: 'ValidationException' });
  await close();
  await expect(wake('token')).rejects.toMatchObject({ code: lost });
  await expect(finish('token')).rejects.toMatchObject({ code: lost });
});
