import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, onTestFinished, test } from 'vitest';
import type { Statement } from '../../../local/rights/statement.ts';
import { TaskFailure } from '../../../local/step-functions/failure.ts';
import type { InvokeFor } from '../../../local/step-functions/machine.ts';
import { startStepFunctions } from '../../../local/step-functions/step-functions.ts';
import { machineArn, ok, tokenKeeper, waiting } from '../step-functions/world.ts';
import { allow, deny, judgeWith, notAllowed, owner, painter } from './painter.ts';

const executionArn = `${machineArn.replace(':stateMachine:', ':execution:')}:one`;

async function world(statements: readonly Statement[], invoke: InvokeFor = async () => ok()) {
  const { url, close } = await startStepFunctions({
    machines: [
      {
        arn: machineArn,
        definition: {
          StartAt: 'Wait',
          States: { Wait: { ...waiting, TimeoutSeconds: 60, End: true } },
        },
      },
    ],
    ...{ invoke, judge: judgeWith(...statements) },
  });
  const clientFor = (credentials: typeof owner) => {
    const client = new SFNClient({
      ...{ endpoint: url, region: 'eu-central-1', credentials, maxAttempts: 1 },
    });
    onTestFinished(() => client.destroy());
    return client;
  };
  onTestFinished(close);
  const [client, owners] = [clientFor(painter), clientFor(owner)];
  const start = new StartExecutionCommand({
    stateMachineArn: machineArn,
    name: 'one',
    input: '{}',
  });
  const status = async () =>
    (await owners.send(new DescribeExecutionCommand({ executionArn }))).status;
  return { client, owners, start, status };
}

const forbidden = (action: string, resource: string) => ({
  name: 'AccessDeniedException',
  message: notAllowed(action, resource),
  $metadata: expect.objectContaining({ httpStatusCode: 400 }),
});

test('a machine is started by those who may, and nothing starts for the others', async () => {
  const able = await world([allow(machineArn, 'states:StartExecution')]);
  const unable = await world([allow(`${machineArn}2`, 'states:StartExecution')]);

  expect((await able.client.send(able.start)).executionArn).toBe(executionArn);
  await expect(unable.client.send(unable.start)).rejects.toMatchObject(
    forbidden('states:StartExecution', machineArn),
  );
  await expect(unable.status()).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
});

test('an execution is looked at by its own name', async () => {
  const pattern = executionArn.replace(/one$/, '*');
  const { client, owners, start } = await world([allow(pattern, 'states:DescribeExecution')]);
  await owners.send(start);

  const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(status).toBe('RUNNING');
  await expect(client.send(new StopExecutionCommand({ executionArn }))).rejects.toMatchObject(
    forbidden('states:StopExecution', executionArn),
  );
});

test('a wait is ended by those who may do so at the machine that waits', async () => {
  const { tokens, keep } = tokenKeeper();
  const { client, owners, start, status } = await world(
    [allow(machineArn, 'states:SendTaskSuccess')],
    async (_function, payload) => keep({ token: '', steps: 0, ...Object(payload) }),
  );
  await owners.send(start);
  await expect.poll(() => tokens.length).toBe(1);
  const [taskToken] = tokens;

  await expect(
    client.send(new SendTaskFailureCommand({ taskToken, error: 'No' })),
  ).rejects.toMatchObject(forbidden('states:SendTaskFailure', machineArn));
  expect(await status()).toBe('RUNNING');
  await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
  await expect.poll(status).toBe('SUCCEEDED');
});

test('a token that nobody knows is refused as such', async () => {
  const { client } = await world([]);

  await expect(
    client.send(new SendTaskSuccessCommand({ taskToken: 'a', output: '{}' })),
  ).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('a word against it outweighs every word for it', async () => {
  const { client, start } = await world([
    allow('*', 'states:*'),
    deny(machineArn, 'states:StartExecution'),
  ]);

  await expect(client.send(start)).rejects.toThrow('with an explicit deny');
});

test('a function that the machine may not call fails its state by the name that Lambda has there', async () => {
  const asked: string[] = [];
  const { owners, start, status } = await world([], async (_function, _payload, machine) => {
    asked.push(machine);
    throw new TaskFailure('Lambda.AWSLambdaException', 'is not authorized');
  });
  await owners.send(start);
  await expect.poll(status).toBe('FAILED');

  const { error, cause } = await owners.send(new DescribeExecutionCommand({ executionArn }));
  expect({ error, cause, asked }).toEqual({
    ...{ error: 'Lambda.AWSLambdaException', cause: 'is not authorized', asked: [machineArn] },
  });
});
