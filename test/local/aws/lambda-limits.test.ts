import { createServer } from 'node:http';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeExecutionCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startHttpApi } from '../../../local/aws/http-api/http-api.ts';
import { startInvokeApi } from '../../../local/aws/lambda/invoke-api.ts';
import { lambdaRunner } from '../../../local/aws/lambda/lambda.ts';
import { listen } from '../../../local/aws/listen.ts';
import { startStepFunctions } from '../../../local/aws/step-functions/step-functions.ts';
import type { FunctionDefinition } from '../../../local/aws/template/read-functions.ts';
import { bundled, logLines } from './bundle.ts';

const mib = 1024 * 1024;
const account = { region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 's' } };
type Options = Partial<Parameters<typeof lambdaRunner>[0]>;

const named = (name: string, source: string, differing: Partial<FunctionDefinition> = {}) => ({
  ...bundled(source, differing),
  name,
  arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
});

/** The functions behind Lambda's API, and a client without retries. */
async function setUp(functions: readonly FunctionDefinition[], options: Options = {}) {
  const logs = logLines();
  const lambda = lambdaRunner({ functions, logs, ...options });
  const api = await startInvokeApi({ lambda });
  onTestFinished(async () => {
    await lambda.close();
    await api.close();
  });
  const client = new LambdaClient({ ...account, endpoint: api.url, maxAttempts: 1 });
  const invoke = async (FunctionName: string, input: Partial<InvokeCommand['input']> = {}) => {
    const output = await client.send(new InvokeCommand({ FunctionName, ...input }));
    return { ...output, text: output.Payload?.transformToString() };
  };
  return { lambda, logs, invoke };
}

describe('the payload', () => {
  const size = 'export const handler = async (event) => event.length;';
  /** JSON of so many bytes. */
  const json = (bytes: number) => JSON.stringify('x'.repeat(bytes - 2));

  test.each([
    ['RequestResponse', 6 * mib, { StatusCode: 200, text: '6291454' }],
    ['Event', mib, { StatusCode: 202 }],
  ] as const)('of a %s invocation may have %i bytes', async (InvocationType, bytes, expected) => {
    const { invoke } = await setUp([named('Size', size)]);

    expect(await invoke('Size', { InvocationType, Payload: json(bytes) })).toMatchObject(expected);
  });

  test.each([
    [
      'RequestResponse',
      6 * mib + 1,
      'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
    ],
    [
      'Event',
      mib + 1,
      '1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)',
    ],
  ] as const)(
    'of a %s invocation is refused when it has %i bytes, and the function does not run',
    async (InvocationType, bytes, message) => {
      const { invoke, logs } = await setUp([
        named('Log', 'export const handler = async () => console.log("it has run");'),
      ]);

      await expect(invoke('Log', { InvocationType, Payload: json(bytes) })).rejects.toMatchObject({
        name: 'RequestEntityTooLargeException',
        message,
        $metadata: { httpStatusCode: 413 },
      });
      expect(logs.lines).toEqual([]);
    },
  );

  test('of the response may have 100 bytes more than 6 MB, and no more', async () => {
    const { invoke } = await setUp([
      named('Long', 'export const handler = async (length) => "x".repeat(length - 2);'),
    ]);
    const longest = 6 * mib + 100;

    const [allowed, tooLong] = [
      await invoke('Long', { Payload: String(longest) }),
      await invoke('Long', { Payload: String(longest + 1) }),
    ];
    expect([allowed.FunctionError, allowed.Payload?.length]).toEqual([undefined, longest]);
    expect(tooLong.FunctionError).toBe('Unhandled');
    expect(JSON.parse(tooLong.text ?? '')).toEqual({
      errorType: 'Function.ResponseSizeTooLarge',
      errorMessage: 'Response payload size exceeded maximum allowed payload size (6291556 bytes).',
    });
  });
});

/** A function that runs until it is released. */
async function blockingFunction(differing: Partial<FunctionDefinition> = {}) {
  const begun = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  const server = createServer(async (_request, response) => {
    begun.resolve();
    await released.promise;
    response.end();
  });
  const { url, close } = await listen(server, 0);
  onTestFinished(async () => {
    released.resolve();
    await close();
  });
  const source =
    'export const handler = async () => { await fetch(process.env.GATE); return "done"; };';
  return {
    definition: named('Blocking', source, { environment: { GATE: url }, ...differing }),
    begun: begun.promise,
    release: released.resolve,
  };
}

const rateExceeded = {
  name: 'TooManyRequestsException',
  message: 'Rate Exceeded.',
  $metadata: { httpStatusCode: 429 },
};
const quick = 'export const handler = async () => "quick";';

describe('concurrency', () => {
  test('that is reserved throttles the function when it is used up', async () => {
    const { definition, begun, release } = await blockingFunction({ reservedConcurrency: 1 });
    const { invoke } = await setUp([definition, named('Quick', quick)]);
    const first = invoke('Blocking');
    await begun;

    await expect(invoke('Blocking')).rejects.toMatchObject({
      ...rateExceeded,
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
    expect(await invoke('Quick')).toMatchObject({ text: '"quick"' });
    release();
    expect(await first).toMatchObject({ text: '"done"' });
    expect(await invoke('Blocking')).toMatchObject({ text: '"done"' });
  });

  test('of this machine throttles an invocation that waits too long for a sandbox', async () => {
    const { definition, begun, release } = await blockingFunction();
    const limits = { maxSandboxes: 1, maxQueueMs: 500 };
    const { invoke } = await setUp([definition, named('Quick', quick)], limits);
    const first = invoke('Blocking');
    await begun;

    await expect(invoke('Quick')).rejects.toMatchObject({
      ...rateExceeded,
      Reason: 'ConcurrentInvocationLimitExceeded',
    });
    release();
    expect(await first).toMatchObject({ text: '"done"' });
  });

  test('of this machine lets the events of one function run one after the other, in one sandbox', async () => {
    const count = 'let runs = 0; export const handler = async () => { runs += 1; return runs; };';
    const { lambda } = await setUp([named('Count', count)], { maxEventsPerFunction: 1 });

    const results = await Promise.all(
      [1, 2, 3].map(() => lambda.invoke('Count', {}, { async: true })),
    );

    expect(results).toEqual([1, 2, 3].map((payload) => ({ ok: true, payload })));
  });

  test('of 0 switches a function off', async () => {
    const { invoke } = await setUp([named('Off', quick, { reservedConcurrency: 0 })]);

    await expect(invoke('Off')).rejects.toMatchObject({
      ...rateExceeded,
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
    });
  });

  test('of the account is shared by the functions that have reserved none', async () => {
    const { definition, begun } = await blockingFunction();
    const functions = [
      definition,
      named('Quick', quick),
      named('Reserved', quick, { reservedConcurrency: 1 }),
    ];
    const { invoke } = await setUp(functions, { accountConcurrency: 2 });
    void invoke('Blocking').catch(() => undefined);
    await begun;

    await expect(invoke('Quick')).rejects.toMatchObject({
      ...rateExceeded,
      Reason: 'ConcurrentInvocationLimitExceeded',
    });
    expect(await invoke('Reserved')).toMatchObject({ text: '"quick"' });
  });

  test('makes an event wait for longer and longer, and loses none', async () => {
    const { definition, begun, release } = await blockingFunction({
      reservedConcurrency: 1,
      retryAttempts: 0,
    });
    const waits: number[] = [];
    const delay = async (milliseconds: number) => {
      waits.push(milliseconds);
      if (waits.length < 11) return;
      release();
      await first;
    };
    const { lambda, invoke } = await setUp([definition], { delay, speed: 10 });
    const first = invoke('Blocking');
    await begun;

    expect(await lambda.invoke('Blocking', {}, { async: true })).toEqual({
      ok: true,
      payload: 'done',
    });
    const seconds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    expect(waits).toEqual(seconds.map((one) => one * 100));
  });

  test('lets an event go after the time that its function says', async () => {
    const waits: number[] = [];
    const { lambda } = await setUp(
      [
        named('Off', quick, {
          reservedConcurrency: 0,
          retryAttempts: 0,
          maxEventAgeSeconds: 10,
        }),
      ],
      { delay: async (milliseconds) => void waits.push(milliseconds) },
    );

    expect(await lambda.invoke('Off', {}, { async: true })).toMatchObject({ ok: false });
    expect(waits).toEqual([1000, 2000, 4000, 8000]);
  });

  test('lets an event go after six hours', async () => {
    const waits: number[] = [];
    const { lambda, logs } = await setUp(
      [named('Off', quick, { reservedConcurrency: 0, retryAttempts: 0 })],
      { delay: async (milliseconds) => void waits.push(milliseconds) },
    );

    expect(await lambda.invoke('Off', {}, { async: true })).toMatchObject({
      ok: false,
      errorType: 'TooManyRequestsException',
    });
    const hours = waits.reduce((sum, one) => sum + one, 0) / 3_600_000;
    expect(hours).toBeGreaterThanOrEqual(6);
    expect(hours).toBeLessThan(6.1);
    expect(logs.lines.at(-1)).toContain('Event given up');
  });

  test('that is used up becomes a 503 at the HTTP API', async () => {
    const off = named('Off', quick, { reservedConcurrency: 0 });
    const { lambda } = await setUp([off]);
    const routes = [{ key: 'GET /', functionArn: off.arn, timeoutMs: 30_000 }];
    const api = await startHttpApi({ routes, invoke: lambda.invoke });
    onTestFinished(() => api.close());
    const response = await fetch(api.url);

    expect([response.status, await response.json()]).toEqual([
      503,
      { message: 'Service Unavailable' },
    ]);
  });

  test('that is used up has an error of its own in Step Functions', async () => {
    const off = named('Off', quick, { reservedConcurrency: 0 });
    const { lambda } = await setUp([off]);
    const stateMachineArn = 'arn:aws:states:us-east-1:000000000000:stateMachine:flow';
    const definition = {
      StartAt: 'Work',
      States: {
        Work: {
          Type: 'Task',
          Resource: off.arn,
          Catch: [{ ErrorEquals: ['Lambda.TooManyRequestsException'], Next: 'Caught' }],
          End: true,
        },
        Caught: { Type: 'Pass', Result: 'caught', End: true },
      },
    };
    const ended = Promise.withResolvers<void>();
    const service = await startStepFunctions({
      machines: [{ arn: stateMachineArn, definition }],
      invoke: (functionArn, payload) => lambda.invoke(functionArn, payload),
      onEvent: ({ type }) => {
        if (/^Execution(?!Started)/.test(type)) ended.resolve();
      },
    });
    onTestFinished(() => service.close());
    const sfn = new SFNClient({ ...account, endpoint: service.url });
    const { executionArn } = await sfn.send(new StartExecutionCommand({ stateMachineArn }));
    await ended.promise;

    expect(await sfn.send(new DescribeExecutionCommand({ executionArn }))).toMatchObject({
      status: 'SUCCEEDED',
      output: '"caught"',
    });
  });
});
