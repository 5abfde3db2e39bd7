import { describe, expect, onTestFinished, test } from 'vitest';
import { lambdaRunner } from '../../local/lambda/lambda.ts';
import type { FunctionDefinition } from '../../local/template/read-functions.ts';
import { bundled, linesKept } from './bundle.ts';

type Options = Partial<Parameters<typeof lambdaRunner>[0]>;

function world(definition: FunctionDefinition, options: Options = {}) {
  const logs = linesKept();
  const lambda = lambdaRunner({ functions: [definition], logs, ...options });
  onTestFinished(() => lambda.close());
  const invoke = (payload: unknown = {}) => lambda.invoke(definition.arn, payload);
  return { lambda, logs, invoke };
}

const handler = (body: string) => `export const handler = async (event, context) => { ${body} };`;

describe('what a function is given', () => {
  test('is the event as JSON, and its answer comes back as JSON', async () => {
    const { invoke } = world(
      bundled(handler('return { got: event, at: new Date(0), gone: undefined };')),
    );

    expect(await invoke({ a: [1, undefined], b: undefined })).toEqual({
      ok: true,
      payload: { got: { a: [1, null] }, at: '1970-01-01T00:00:00.000Z' },
    });
  });

  test('is its own environment and Lambda’s, and nothing of the laptop’s', async () => {
    const definition = bundled(handler('return process.env;'), {
      environment: { TASK_TABLE: 'Tasks' },
      memoryMb: 512,
    });
    const { invoke } = world(definition, {
      environment: ({ name }) => ({ AWS_ACCESS_KEY_ID: `key-of-${name}` }),
    });

    expect(await invoke()).toEqual({
      ok: true,
      payload: {
        TASK_TABLE: 'Tasks',
        AWS_ACCESS_KEY_ID: 'key-of-Test-Paint',
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: 'Test-Paint',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/Test-Paint',
        AWS_LAMBDA_LOG_STREAM_NAME: '[$LATEST]laptop',
        LAMBDA_TASK_ROOT: definition.directory,
        TZ: ':UTC',
        _HANDLER: 'index.handler',
      },
    });
  });

  test('is a context that knows the request and the time left', async () => {
    const { invoke } = world(
      bundled(handler('return { ...context, left: context.getRemainingTimeInMillis() };'), {
        timeoutSeconds: 9,
      }),
    );
    const answer = await invoke();

    expect(answer).toMatchObject({
      payload: {
        awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        functionName: 'Test-Paint',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Test-Paint',
        memoryLimitInMB: '128',
        callbackWaitsForEmptyEventLoop: true,
        left: expect.toSatisfy((left: number) => left > 0 && left <= 9000),
      },
    });
  });

  test('may be a CommonJS bundle', async () => {
    const { invoke } = world(bundled('exports.handler = async () => "common";', {}, 'index.cjs'));

    expect(await invoke()).toEqual({ ok: true, payload: 'common' });
  });
});

describe('sandboxes', () => {
  const counting = 'let calls = 0; const born = Math.random();';

  test('stay warm: module state survives between events', async () => {
    const { invoke } = world(bundled(`${counting} ${handler('return ++calls;')}`));
    const answers = [await invoke(), await invoke(), await invoke()];

    expect(answers).toEqual([1, 2, 3].map((payload) => ({ ok: true, payload })));
  });

  test('give way to those of other functions when too many rest: the longest idle goes', async () => {
    const functions = ['A', 'B', 'C'].map((name) => ({
      ...bundled(`${counting} ${handler('return ++calls;')}`),
      ...{ name, arn: name },
    }));
    const lambda = lambdaRunner({ functions, logs: linesKept(), maxWarm: 2 });
    onTestFinished(() => lambda.close());
    const calls = [];
    for (const name of ['A', 'B', 'A', 'C', 'A', 'B']) calls.push(await lambda.invoke(name, {}));

    // C made B go, not A, which had been called since.
    expect(calls.map((answer) => answer.ok && answer.payload)).toEqual([1, 1, 2, 1, 3, 1]);
  });

  test('see one event at a time, and more of them are started for more events', async () => {
    // Each event answers only when both are inside, so one sandbox for both would never answer.
    const { invoke } = world(
      bundled(`
        import { BroadcastChannel } from 'node:worker_threads';
        ${counting}
        ${handler(`
          const channel = new BroadcastChannel('meeting-of-two');
          const other = await new Promise((resolve) => {
            channel.onmessage = ({ data }) => { channel.postMessage(born); resolve(data); };
            channel.postMessage(born);
          });
          channel.close();
          return { born, other };
        `)}`),
    );
    const answers = await Promise.all([invoke(), invoke()]);
    const met = answers.map((answer) => (answer.ok ? answer.payload : answer));

    expect(met[0]).not.toEqual(met[1]);
    expect(met).toEqual([
      { born: expect.any(Number), other: expect.any(Number) },
      { born: expect.any(Number), other: expect.any(Number) },
    ]);
  });

  test('are no more than allowed; further events wait in order', async () => {
    const { invoke } = world(bundled(`${counting} ${handler('return [event, born];')}`), {
      maxConcurrency: 1,
    });
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(invoke));
    const seen = answers.map((answer) => (answer.ok ? answer.payload : answer));

    expect(seen).toEqual(['a', 'b', 'c', 'd'].map((name) => [name, expect.any(Number)]));
    expect(new Set(seen.map(String).map((text) => text.split(',')[1])).size).toBe(1);
  });

  test('are as many as the function reserves, and none when it reserves none', async () => {
    const source = `${counting} ${handler('return born;')}`;
    const one = world(bundled(source, { reservedConcurrency: 1 }));
    const none = world(bundled(source, { reservedConcurrency: 0 }));
    const [first, second] = await Promise.all([one.invoke(), one.invoke()]);

    expect(first).toEqual(second);
    expect(await none.invoke()).toMatchObject({ ok: false, errorType: 'TooManyRequestsException' });
  });
});

describe('failures', () => {
  test('come back by the name of the error', async () => {
    const { invoke, logs } = world(
      bundled(handler('throw Object.assign(new Error("not now"), { name: "ProviderBusy" });')),
    );

    expect(await invoke()).toEqual({
      ok: false,
      errorType: 'ProviderBusy',
      errorMessage: 'not now',
      trace: expect.arrayContaining([expect.stringContaining('index.mjs')]),
    });
    expect(logs.lines).toEqual([expect.stringContaining('"errorType":"ProviderBusy"')]);
  });

  test.each([
    ['something that is no error', handler('throw "no";'), 'string', 'no'],
    ['an answer that is no JSON', handler('return 1n;'), 'TypeError', /BigInt/],
    ['an exit', handler('process.exit(3);'), 'Runtime.ExitError', /exit status 3$/],
    [
      'an error outside its promise',
      handler(
        'setImmediate(() => { throw new RangeError("late"); }); await new Promise(() => {});',
      ),
      'RangeError',
      'late',
    ],
    [
      'a rejection nobody awaits',
      handler('Promise.reject(new Error("lost")); await new Promise((r) => setTimeout(r, 9000));'),
      'Runtime.UnhandledPromiseRejection',
      /lost/,
    ],
    ['a bundle that throws', 'throw new Error("no key");', 'Error', 'no key'],
    [
      'a bundle without the handler',
      'export const other = 1;',
      'Runtime.HandlerNotFound',
      /index\.handler/,
    ],
  ])('of %s are told apart', async (_, source, errorType, errorMessage) => {
    const { invoke } = world(bundled(source));

    expect(await invoke()).toMatchObject({
      ok: false,
      errorType,
      errorMessage: expect.stringMatching(errorMessage),
    });
  });

  test('of a bundle that is not there say so', async () => {
    const { invoke } = world(bundled('', {}, 'other.mjs'));

    expect(await invoke()).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
  });

  test('by time end the sandbox, and the next event gets a new one', async () => {
    const { invoke } = world(
      bundled(`let calls = 0; ${handler('calls += 1; if (event.hang) for (;;); return calls;')}`, {
        timeoutSeconds: 0.5,
      }),
    );
    await invoke();
    const timedOut = await invoke({ hang: true });

    expect(timedOut).toMatchObject({
      ok: false,
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringMatching(
        /^RequestId: \S+ Error: Task timed out after 0\.50 seconds$/,
      ),
    });
    expect(await invoke()).toEqual({ ok: true, payload: 1 });
  });

  test('of a function nobody knows say so', async () => {
    const { lambda } = world(bundled(''));

    expect(await lambda.invoke('Nobody', {})).toMatchObject({
      errorType: 'ResourceNotFoundException',
    });
  });

  test('do not outlive the laptop: closing answers what is running and what waits', async () => {
    const begun = Promise.withResolvers<void>();
    const { lambda, invoke } = world(
      bundled(handler('console.log("begun"); await new Promise(() => {});')),
      {
        maxConcurrency: 1,
        logs: { write: () => begun.resolve(), close: async () => undefined },
      },
    );
    const answers = [invoke(), invoke()];
    await begun.promise;
    await lambda.close();

    expect(await Promise.all(answers)).toMatchObject([
      { errorType: 'Runtime.ExitError' },
      { errorType: 'Runtime.ExitError' },
    ]);
  });
});

describe('asynchronous invocations', () => {
  const failing = (times: number) =>
    `let calls = 0; ${handler(`if (++calls <= ${times}) throw new Error('no'); return calls;`)}`;

  test.each([
    [
      'succeed at the last of three tries',
      failing(2),
      {},
      { ok: true, payload: 3 },
      [6000, 12_000],
    ],
    [
      'are given up after the third',
      failing(9),
      {},
      { ok: false, errorType: 'Error' },
      [6000, 12_000],
    ],
    [
      'are tried as often as the function says',
      failing(9),
      { retryAttempts: 0 },
      { ok: false },
      [],
    ],
  ])('%s', async (_, source, differing, expected, expectedWaits) => {
    const waits: number[] = [];
    const delay = async (milliseconds: number) => void waits.push(milliseconds);
    const { lambda, logs } = world(bundled(source, differing), { speed: 10, delay });

    expect(await lambda.invoke('Test-Paint', { key: 'k' }, { async: true })).toMatchObject(
      expected,
    );
    expect(waits).toEqual(expectedWaits);
    const givenUp = logs.lines.filter((line) => line.includes('Event given up'));
    expect(givenUp).toEqual(
      expected.ok ? [] : [expect.stringContaining(String.raw`{\"key\":\"k\"}`)],
    );
  });

  test('do not hold up the end of the laptop', async () => {
    const failed = Promise.withResolvers<void>();
    const logs = { write: () => failed.resolve(), close: async () => undefined };
    const { lambda } = world(bundled(failing(9)), { logs });
    const answer = lambda.invoke('Test-Paint', {}, { async: true });
    await failed.promise;
    await lambda.close();

    expect(await answer).toMatchObject({ ok: false });
  });
});

test('what a function writes goes to its log, line by line as it was', async () => {
  const lines = new Set<string>();
  const written = Promise.withResolvers<void>();
  const write = (source: string, line: string) => {
    if (lines.add(`${source}: ${line}`).size === 3) written.resolve();
  };
  const { invoke } = world(
    bundled(handler(`console.log('{"level":"INFO"}\\nplain'); console.error('bad');`)),
    {
      logs: { write, close: async () => undefined },
    },
  );
  await invoke();
  await written.promise;

  expect([...lines].toSorted()).toEqual([
    'Test-Paint: bad',
    'Test-Paint: plain',
    'Test-Paint: {"level":"INFO"}',
  ]);
});
