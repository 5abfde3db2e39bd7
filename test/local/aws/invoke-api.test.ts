import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { startInvokeApi } from '../../../local/aws/lambda/invoke-api.ts';
import { type InvokeResult, invokeFailure } from '../../../local/aws/lambda/invoke-result.ts';
import { lambdaRunner } from '../../../local/aws/lambda/lambda.ts';
import { bundled, logLines } from './bundle.ts';

const definition = bundled('');

async function setUp(result: InvokeResult = { ok: true, payload: { a: 'ä' } }) {
  const calls: unknown[] = [];
  const runner = lambdaRunner({ functions: [definition], logs: logLines() });
  const lambda = {
    find: runner.find,
    invoke: async (...call: unknown[]) => {
      calls.push(call);
      return result;
    },
  };
  const api = await startInvokeApi({ lambda });
  onTestFinished(() => api.close());
  const client = new LambdaClient({
    endpoint: api.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 's' },
    maxAttempts: 1,
  });
  const invoke = async (input: Partial<InvokeCommand['input']> = {}) => {
    const output = await client.send(
      new InvokeCommand({ FunctionName: definition.name, ...input }),
    );
    return { ...output, text: output.Payload?.transformToString() };
  };
  return { url: api.url, calls, invoke };
}

test.each([definition.name, definition.arn, `${definition.name}:$LATEST`])(
  'the SDK invokes %s and gets its result',
  async (FunctionName) => {
    const { calls, invoke } = await setUp();

    expect(await invoke({ FunctionName, Payload: '{"x":1}' })).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      text: '{"a":"ä"}',
    });
    expect(calls).toEqual([[definition.arn, { x: 1 }]]);
  },
);

test('the error of a function is a response with status 200 that is marked as an error', async () => {
  const { invoke } = await setUp(invokeFailure('ProviderBusy', 'not now'));

  expect(await invoke()).toMatchObject({
    StatusCode: 200,
    FunctionError: 'Unhandled',
    text: '{"errorType":"ProviderBusy","errorMessage":"not now"}',
  });
});

test('an event is accepted at once and runs with retries', async () => {
  const { calls, invoke } = await setUp(invokeFailure('Error', 'never mind'));

  expect(await invoke({ InvocationType: 'Event', Payload: '{}' })).toMatchObject({
    StatusCode: 202,
  });
  expect(calls).toEqual([[definition.arn, {}, { async: true }]]);
});

test('a dry run runs nothing', async () => {
  const { calls, invoke } = await setUp();

  expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
  expect(calls).toEqual([]);
});

test.each([
  ['an unknown function', { FunctionName: 'Nobody' }, 'ResourceNotFoundException'],
  ['an alias', { Qualifier: 'prod' }, 'ResourceNotFoundException'],
  ['an alias in a name', { FunctionName: `${definition.name}:prod` }, 'ResourceNotFoundException'],
  ['an alias in an ARN', { FunctionName: `${definition.arn}:prod` }, 'ResourceNotFoundException'],
  ['a payload that is no JSON', { Payload: '{' }, 'InvalidRequestContentException'],
])('%s is rejected with the error’s name on AWS', async (_, input, name) => {
  const { invoke } = await setUp();

  await expect(invoke(input)).rejects.toMatchObject({ name });
});

test('the only version of a function is invoked by its qualifier, too', async () => {
  const { invoke } = await setUp();

  expect(await invoke({ Qualifier: '$LATEST' })).toMatchObject({ text: '{"a":"ä"}' });
});

test.each([
  [{ LogType: 'Tail' }, 'x-amz-log-type: Tail'],
  [{ ClientContext: 'e30=' }, 'x-amz-client-context: e30='],
] as const)('an option that has no effect here is rejected by name: %o', async (option, named) => {
  const { calls, invoke } = await setUp();

  await expect(invoke(option)).rejects.toMatchObject({
    name: 'InvalidParameterValueException',
    message: `The local Lambda API does not know ${named}`,
  });
  expect(calls).toEqual([]);
});

test('no other operation of Lambda is emulated', async () => {
  const { url } = await setUp();

  expect((await fetch(`${url}/2015-03-31/functions`)).status).toBe(404);
});
