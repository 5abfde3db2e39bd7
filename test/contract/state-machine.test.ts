import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  ListExecutionsCommand,
  SFNClient,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import {
  taskIdOf,
  taskTokens,
  workflowExecutions,
  workflowStarter,
  workingTokens,
} from '../../functions/adapters/aws/state-machine.ts';
import { newTaskId } from '../../functions/domain/model/ids.ts';
import { CallbackFailed } from '../../functions/domain/model/workflow-errors.ts';
import { startStepFunctions } from '../../local/aws/step-functions/step-functions.ts';
import { sampleId, sampleTime } from '../support/tasks.ts';
import { machines, sdkConfig } from './template-resources.ts';

const [machine] = machines;
const stateMachineArn = machine?.arn ?? '';
const arnOf = (name: string) =>
  `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
const executionArn = arnOf(sampleId);
// A connection that was open breaks, a new one is refused.
const lost = expect.stringMatching(/^ECONN/);
const Waiting = z.object({ token: z.string() });

/** The state machine of the template. Its functions return at once, so it soon waits for a token. */
async function setUp() {
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
      for (const check of listeners) check();
    },
  });
  const client = new SFNClient({ endpoint: url, ...sdkConfig, maxAttempts: 1 });
  onTestFinished(async () => {
    client.destroy();
    await close();
  });
  const until = (isThere: () => boolean) =>
    new Promise<void>((resolve) => {
      const check = () => isThere() && resolve();
      listeners.add(check);
      check();
    });
  /** The token of the `nth` waiting state, as soon as it waits. */
  const token = async (nth: number) => {
    await until(() => tokens.length >= nth);
    return tokens[nth - 1] ?? '';
  };
  return { client, entered, until, token, close, ...workflowOf(client) };
}

const workflowOf = (client: SFNClient) => ({
  ...workflowStarter(client, stateMachineArn),
  ...workflowExecutions(client, stateMachineArn),
  ...taskTokens(client),
  ...workingTokens(client),
});

test('an execution has the name of its task, and its id as the only input', async () => {
  const { client, start } = await setUp();

  await start(sampleId);

  const { input, name } = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect([name, JSON.parse(input ?? '')]).toEqual([sampleId, { taskId: sampleId }]);
});

test('starting an execution twice starts it once, while it runs and after it has ended', async () => {
  const { client, start } = await setUp();

  await Promise.all([start(sampleId), start(sampleId)]);
  await client.send(new StopExecutionCommand({ executionArn }));
  await start(sampleId);

  const { executions } = await client.send(new ListExecutionsCommand({ stateMachineArn }));
  expect(executions).toMatchObject([{ name: sampleId, status: 'ABORTED' }]);
});

test('the next execution of a task has its id and a number as its name', async () => {
  const { client, start } = await setUp();

  await start(sampleId, 1);
  await Promise.all([start(sampleId, 2), start(sampleId, 2)]);
  await start(sampleId, 3);

  const { executions: all = [] } = await client.send(
    new ListExecutionsCommand({ stateMachineArn }),
  );
  const names = all.map(({ name }) => name ?? '').toSorted();
  expect(names).toEqual([sampleId, `${sampleId}-2`, `${sampleId}-3`]);
  expect(names.map(taskIdOf)).toEqual([sampleId, sampleId, sampleId]);
  const { input } = await client.send(
    new DescribeExecutionCommand({ executionArn: arnOf(`${sampleId}-2`) }),
  );
  expect(JSON.parse(input ?? '')).toEqual({ taskId: sampleId });
});

test.each([
  ['a task', newTaskId(sampleTime)],
  ['a person', 'a-try-from-the-console-2'],
  ['an empty name', ''],
])('the task id of an execution named by %s without a number is that name', (_, name) => {
  expect(taskIdOf(name)).toBe(name);
});

test('an execution is absent before its start, and over after its end', async () => {
  const { client, start, executionState } = await setUp();
  expect(await executionState(sampleId, 1)).toBe('absent');

  await start(sampleId);
  expect(await executionState(sampleId, 1)).toBe('running');
  expect(await executionState(sampleId, 2)).toBe('absent');

  await start(sampleId, 2);
  await client.send(new StopExecutionCommand({ executionArn: arnOf(`${sampleId}-2`) }));
  expect(await executionState(sampleId, 1)).toBe('running');
  expect(await executionState(sampleId, 2)).toBe('over');
});

test('an execution that succeeded is over too', async () => {
  const { start, executionState, finish, token } = await setUp();
  await start(sampleId);

  await finish(await token(1));
  await finish(await token(2));

  await expect.poll(() => executionState(sampleId, 1)).toBe('over');
});

test('a failed request for the state of an execution is an error', async () => {
  const { executionState, close } = await setUp();
  await close();

  await expect(executionState(sampleId, 1)).rejects.toMatchObject({ code: lost });
});

test('a start that fails for another reason is an error', async () => {
  const { client, start, close } = await setUp();

  const elsewhere = workflowStarter(client, `${stateMachineArn}-gone`);
  await expect(elsewhere.start(sampleId)).rejects.toMatchObject({
    name: 'StateMachineDoesNotExist',
  });
  await close();
  await expect(start(sampleId)).rejects.toMatchObject({ code: lost });
});

test('a waiting state is woken to poll again and again, until the polling is finished', async () => {
  const { start, wake, finish, token, entered, executionState } = await setUp();
  await start(sampleId);

  await wake(await token(1));
  await wake(await token(2));
  await finish(await token(3));

  await expect.poll(() => executionState(sampleId, 1)).toBe('over');
  expect(entered.slice(2)).toEqual(['AwaitProvider', 'PollTask', 'PollTask']);
});

test('a wait that fails by the name of an error is tried again as that error says', async () => {
  const { start, finish, fail, token, client, executionState } = await setUp();
  await start(sampleId);
  await finish(await token(1));

  await fail(await token(2), new CallbackFailed('attempt 1 got status 503'));
  await finish(await token(3));

  await expect.poll(() => executionState(sampleId, 1)).toBe('over');
  const { events = [] } = await client.send(new GetExecutionHistoryCommand({ executionArn }));
  expect(events.find(({ type }) => type === 'TaskFailed')?.taskFailedEventDetails).toMatchObject({
    error: 'CallbackFailed',
    cause: 'attempt 1 got status 503',
  });
  expect(events.at(-1)).toMatchObject({ type: 'ExecutionSucceeded' });
});

test('a function that is still at work sends heartbeats at thirds of the interval, and none after that', async () => {
  const { client, start, wake, keepAlive, token } = await setUp();
  const beats: unknown[] = [];
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (request) => {
        const response = await next(request);
        if (commandName === 'SendTaskHeartbeatCommand') beats.push(response);
        return response;
      },
    { step: 'initialize' },
  );
  await start(sampleId);
  const waiting = await token(1);

  const alive = keepAlive(waiting, 0.03);
  await expect.poll(() => beats.length).toBeGreaterThanOrEqual(4);
  await alive[Symbol.asyncDispose]();

  const sent = beats.length;
  await wake(waiting);
  await token(2);
  expect(beats).toHaveLength(sent);
});

test('a heartbeat for a wait that is over, or that cannot be sent, is no error', async () => {
  const { keepAlive, close } = await setUp();

  await keepAlive('A'.repeat(128), 60)[Symbol.asyncDispose]();
  await close();
  await keepAlive('token', 60)[Symbol.asyncDispose]();
});

test('a used or unknown task token is ignored', async () => {
  const { start, wake, finish, fail, token } = await setUp();
  await start(sampleId);
  const used = await token(1);
  await wake(used);
  await token(2);

  for (const stale of [used, 'A'.repeat(128), 'made up']) {
    await expect(wake(stale)).resolves.toBeUndefined();
    await expect(finish(stale)).resolves.toBeUndefined();
    await expect(fail(stale, new Error('no'))).resolves.toBeUndefined();
  }
});

test('a task token that fails for another reason is an error', async () => {
  const { wake, finish, fail, close } = await setUp();

  await expect(wake('')).rejects.toMatchObject({ name: 'ValidationException' });
  await close();
  await expect(wake('token')).rejects.toMatchObject({ code: lost });
  await expect(finish('token')).rejects.toMatchObject({ code: lost });
  await expect(fail('token', new Error('no'))).rejects.toMatchObject({ code: lost });
});
