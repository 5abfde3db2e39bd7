import {
  DescribeExecutionCommand,
  SendTaskFailureCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, onTestFinished, test } from 'vitest';
import type { Statement } from '../../../../local/aws/iam/evaluate-policy.ts';
import type { InvokeFor } from '../../../../local/aws/step-functions/machine.ts';
import { startStepFunctions } from '../../../../local/aws/step-functions/step-functions.ts';
import { TaskFailure } from '../../../../local/aws/step-functions/task-failure.ts';
import { machineArn, ok, tokenRecorder, waiting } from '../step-functions/local-step-functions.ts';
import { allow, authorizerWith, deny, limitedCaller, notAllowed, owner } from './limited-caller.ts';

const executionArn = `${machineArn.replace(':stateMachine:', ':execution:')}:one`;

async function setUp(statements: readonly Statement[], invoke: InvokeFor = async () => ok()) {
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
    invoke,
    authorize: authorizerWith(...statements),
  });
  const clientFor = (credentials: typeof owner) => {
    const client = new SFNClient({
      endpoint: url,
      region: 'eu-central-1',
      credentials,
      maxAttempts: 1,
    });
    onTestFinished(() => client.destroy());
    return client;
  };
  onTestFinished(close);
  const [client, ownerClient] = [clientFor(limitedCaller), clientFor(owner)];
  const start = new StartExecutionCommand({
    stateMachineArn: machineArn,
    name: 'one',
    input: '{}',
  });
  const status = async () =>
    (await ownerClient.send(new DescribeExecutionCommand({ executionArn }))).status;
  return { client, ownerClient, start, status };
}

const accessDenied = (action: string, resource: string) => ({
  name: 'AccessDeniedException',
  message: notAllowed(action, resource),
  $metadata: expect.objectContaining({ httpStatusCode: 400 }),
});

test('a caller with permission can start a machine, and for any other nothing starts', async () => {
  const able = await setUp([allow(machineArn, 'states:StartExecution')]);
  const unable = await setUp([allow(`${machineArn}2`, 'states:StartExecution')]);

  expect((await able.client.send(able.start)).executionArn).toBe(executionArn);
  await expect(unable.client.send(unable.start)).rejects.toMatchObject(
    accessDenied('states:StartExecution', machineArn),
  );
  await expect(unable.status()).rejects.toMatchObject({ name: 'ExecutionDoesNotExist' });
});

test('DescribeExecution needs a permission for the execution', async () => {
  const pattern = executionArn.replace(/one$/, '*');
  const { client, ownerClient, start } = await setUp([allow(pattern, 'states:DescribeExecution')]);
  await ownerClient.send(start);

  const { status } = await client.send(new DescribeExecutionCommand({ executionArn }));
  expect(status).toBe('RUNNING');
  await expect(client.send(new StopExecutionCommand({ executionArn }))).rejects.toMatchObject(
    accessDenied('states:StopExecution', executionArn),
  );
});

test('a task token needs a permission for every resource: AWS documents none that is narrower', async () => {
  const { tokens, keep } = tokenRecorder();
  const { client, ownerClient, start, status } = await setUp(
    [allow('*', 'states:SendTaskSuccess'), allow(machineArn, 'states:SendTaskFailure')],
    async (_function, payload) => keep({ token: '', steps: 0, ...Object(payload) }),
  );
  await ownerClient.send(start);
  await expect.poll(() => tokens.length).toBe(1);
  const [taskToken] = tokens;

  await expect(
    client.send(new SendTaskFailureCommand({ taskToken, error: 'No' })),
  ).rejects.toMatchObject(accessDenied('states:SendTaskFailure', '*'));
  expect(await status()).toBe('RUNNING');
  await client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
  await expect.poll(status).toBe('SUCCEEDED');
});

test('an unknown token is rejected as invalid', async () => {
  const { client } = await setUp([allow('*', 'states:SendTaskSuccess')]);

  await expect(
    client.send(new SendTaskSuccessCommand({ taskToken: 'a', output: '{}' })),
  ).rejects.toMatchObject({ name: 'InvalidToken' });
});

test('a Deny outweighs every Allow', async () => {
  const { client, start } = await setUp([
    allow('*', 'states:*'),
    deny(machineArn, 'states:StartExecution'),
  ]);

  await expect(client.send(start)).rejects.toThrow('with an explicit deny');
});

test('a function that the machine may not invoke fails its state with Lambda’s error name', async () => {
  const machines: string[] = [];
  const { ownerClient, start, status } = await setUp([], async (_function, _payload, machine) => {
    machines.push(machine);
    throw new TaskFailure('Lambda.AWSLambdaException', 'is not authorized');
  });
  await ownerClient.send(start);
  await expect.poll(status).toBe('FAILED');

  const { error, cause } = await ownerClient.send(new DescribeExecutionCommand({ executionArn }));
  expect({ error, cause, machines }).toEqual({
    error: 'Lambda.AWSLambdaException',
    cause: 'is not authorized',
    machines: [machineArn],
  });
});
