import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { expect, onTestFinished, test } from 'vitest';
import { failure, type InvokeAnswer } from '../../local/lambda/invoke-answer.ts';
import { startInvokeApi } from '../../local/lambda/invoke-api.ts';
import { bundled } from './bundle.ts';

const definition = bundled('');

async function world(answer: InvokeAnswer = { ok: true, payload: { a: 'ä' } }) {
  const calls: unknown[] = [];
  const lambda = {
    find: (name: string) => [definition].find((one) => [one.name, one.arn].includes(name)),
    invoke: async (...call: unknown[]) => {
      calls.push(call);
      return answer;
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

test.each([definition.name, definition.arn])(
  'the SDK invokes %s and hears its answer',
  async (FunctionName) => {
    const { calls, invoke } = await world();

    expect(await invoke({ FunctionName, Payload: '{"x":1}' })).toMatchObject({
      StatusCode: 200,
      ExecutedVersion: '$LATEST',
      text: '{"a":"ä"}',
    });
    expect(calls).toEqual([[definition.arn, { x: 1 }]]);
  },
);

test('the error of a function is an answer, marked as error', async () => {
  const { invoke } = await world(failure('ProviderBusy', 'not now'));

  expect(await invoke()).toMatchObject({
    StatusCode: 200,
    FunctionError: 'Unhandled',
    text: '{"errorType":"ProviderBusy","errorMessage":"not now"}',
  });
});

test('an event is accepted at once and runs with retries', async () => {
  const { calls, invoke } = await world(failure('Error', 'never mind'));

  expect(await invoke({ InvocationType: 'Event', Payload: '{}' })).toMatchObject({
    StatusCode: 202,
  });
  expect(calls).toEqual([[definition.arn, {}, { async: true }]]);
});

test('a dry run runs nothing', async () => {
  const { calls, invoke } = await world();

  expect(await invoke({ InvocationType: 'DryRun' })).toMatchObject({ StatusCode: 204 });
  expect(calls).toEqual([]);
});

test.each([
  ['a function nobody knows', { FunctionName: 'Nobody' }, 'ResourceNotFoundException'],
  ['a payload that is no JSON', { Payload: '{' }, 'InvalidRequestContentException'],
])('%s is refused by name', async (_, input, name) => {
  const { invoke } = await world();

  await expect(invoke(input)).rejects.toMatchObject({ name });
});

test('nothing else of Lambda is played', async () => {
  const { url } = await world();

  expect((await fetch(`${url}/2015-03-31/functions`)).status).toBe(404);
});
