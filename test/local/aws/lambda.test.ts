import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { InvokeResult } from '../../../local/aws/lambda/invoke-result.ts';
import { lambdaRunner } from '../../../local/aws/lambda/lambda.ts';
import { listen } from '../../../local/aws/listen.ts';
import type { FunctionDefinition } from '../../../local/aws/template/read-functions.ts';
import { bundled, logLines } from './bundle.ts';

type Options = Partial<Parameters<typeof lambdaRunner>[0]>;

function setUp(definition: FunctionDefinition, options: Options = {}) {
  const logs = logLines();
  const lambda = lambdaRunner({ functions: [definition], logs, ...options });
  onTestFinished(() => lambda.close());
  const invoke = (payload: unknown = {}) => lambda.invoke(definition.arn, payload);
  return { lambda, logs, invoke };
}

const handler = (body: string) => `export const handler = async (event, context) => { ${body} };`;

describe('the input of a function', () => {
  test('is the event as JSON, and its result is returned as JSON', async () => {
    const { invoke } = setUp(
      bundled(handler('return { got: event, at: new Date(0), gone: undefined };')),
    );

    expect(await invoke({ a: [1, undefined], b: undefined })).toEqual({
      ok: true,
      payload: { got: { a: [1, null] }, at: '1970-01-01T00:00:00.000Z' },
    });
  });

  test('is its own environment and Lambda’s, and nothing of the local stack’s process', async () => {
    const definition = bundled(handler('return process.env;'), {
      environment: { TASK_TABLE: 'Tasks' },
      memoryMb: 512,
    });
    const { invoke } = setUp(definition, {
      environment: ({ name }) => ({ AWS_ACCESS_KEY_ID: `key-of-${name}` }),
    });

    expect(await invoke()).toEqual({
      ok: true,
      payload: {
        TASK_TABLE: 'Tasks',
        AWS_ACCESS_KEY_ID: 'key-of-Test-Work',
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: 'Test-Work',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/Test-Work',
        AWS_LAMBDA_LOG_STREAM_NAME: '[$LATEST]local',
        LAMBDA_TASK_ROOT: definition.directory,
        TZ: ':UTC',
        _HANDLER: 'index.handler',
      },
    });
  });

  test('is a context with the request id and the remaining time', async () => {
    const { invoke } = setUp(
      bundled(handler('return { ...context, left: context.getRemainingTimeInMillis() };'), {
        timeoutSeconds: 9,
      }),
    );
    const result = await invoke();

    expect(result).toMatchObject({
      payload: {
        awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        functionName: 'Test-Work',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:Test-Work',
        memoryLimitInMB: '128',
        callbackWaitsForEmptyEventLoop: true,
        left: expect.toSatisfy((left: number) => left > 0 && left <= 9000),
      },
    });
  });

  test('may be a CommonJS bundle', async () => {
    const { invoke } = setUp(bundled('exports.handler = async () => "common";', {}, 'index.cjs'));

    expect(await invoke()).toEqual({ ok: true, payload: 'common' });
  });
});

describe('sandboxes', () => {
  const counting = 'let calls = 0; const born = Math.random();';

  test('are reused: module state survives between events', async () => {
    const { invoke } = setUp(bundled(`${counting} ${handler('return ++calls;')}`));
    const results = [await invoke(), await invoke(), await invoke()];

    expect(results).toEqual([1, 2, 3].map((payload) => ({ ok: true, payload })));
  });

  test('are closed when too many are idle, the longest idle one first', async () => {
    const functions = ['A', 'B', 'C'].map((name) => ({
      ...bundled(`${counting} ${handler('return ++calls;')}`),
      name,
      arn: name,
    }));
    const lambda = lambdaRunner({ functions, logs: logLines(), maxSandboxes: 2 });
    onTestFinished(() => lambda.close());
    const calls = [];
    for (const name of ['A', 'B', 'A', 'C', 'A', 'B']) calls.push(await lambda.invoke(name, {}));

    // C ended the sandbox of B, and not that of A, which had been called since.
    expect(calls.map((result) => result.ok && result.payload)).toEqual([1, 1, 2, 1, 3, 1]);
  });

  test('get one event at a time, and more of them are started for more events', async () => {
    // Each event ends only when both run, so with one sandbox for both they would never end.
    const { invoke } = setUp(
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
    const results = await Promise.all([invoke(), invoke()]);
    const pairs = results.map((result) => (result.ok ? result.payload : result));

    expect(pairs[0]).not.toEqual(pairs[1]);
    expect(pairs).toEqual([
      { born: expect.any(Number), other: expect.any(Number) },
      { born: expect.any(Number), other: expect.any(Number) },
    ]);
  });

  test('end when they have been idle for a while', async () => {
    const { invoke } = setUp(bundled(`${counting} ${handler('return ++calls;')}`), {
      maxIdleMs: 1,
    });
    const isFirst = (result: InvokeResult) => result.ok && result.payload === 1;
    expect(await invoke()).toSatisfy(isFirst);

    // Otherwise the time limit of the test ends the loop.
    while (!isFirst(await invoke())) await setTimeout(5);
  });

  test('end sooner after an event that nobody waits for', async () => {
    const { invoke, lambda } = setUp(bundled(`${counting} ${handler('return ++calls;')}`), {
      maxEventIdleMs: 1,
    });
    const event = () => lambda.invoke('Test-Work', {}, { async: true });
    expect([await invoke(), await event()]).toEqual([
      { ok: true, payload: 1 },
      { ok: true, payload: 2 },
    ]);

    // Otherwise the time limit of the test ends the loop.
    for (let next = await event(); next.ok && next.payload !== 1; next = await event()) {
      await setTimeout(5);
    }
  });

  test('have a maximum number for the machine; further events wait in order', async () => {
    const { invoke } = setUp(bundled(`${counting} ${handler('return [event, born];')}`), {
      maxSandboxes: 1,
    });
    const results = await Promise.all(['a', 'b', 'c', 'd'].map(invoke));
    const payloads = results.map((result) => (result.ok ? result.payload : result));

    expect(payloads).toEqual(['a', 'b', 'c', 'd'].map((name) => [name, expect.any(Number)]));
    expect(new Set(payloads.map(String).map((text) => text.split(',')[1])).size).toBe(1);
  });

  test('of one function stay when another function gets many events at once', async () => {
    const functions = ['A', 'B'].map((name) => ({
      ...bundled(`${counting} ${handler('return ++calls;')}`),
      name,
      arn: name,
    }));
    const limits = { maxSandboxes: 2, maxSandboxesPerFunction: 1 };
    const lambda = lambdaRunner({ functions, logs: logLines(), ...limits });
    onTestFinished(() => lambda.close());
    await lambda.invoke('A', {});
    const burst = await Promise.all(Array.from({ length: 4 }, () => lambda.invoke('B', {})));

    expect(burst.map((result) => result.ok && result.payload)).toEqual([1, 2, 3, 4]);
    expect(await lambda.invoke('A', {})).toEqual({ ok: true, payload: 2 });
  });

  describe('of several functions that have only one place', () => {
    /** Invokes these functions at the same time. Returns the results in the order in which they came. */
    async function invokeAll(names: readonly string[]) {
      const functions = ['A', 'B'].map((name) => ({
        ...bundled(`${counting} ${handler('return ++calls;')}`),
        name,
        arn: name,
      }));
      const limits = { maxSandboxes: 1, maxSandboxesPerFunction: names.length };
      const lambda = lambdaRunner({ functions, logs: logLines(), ...limits });
      onTestFinished(() => lambda.close());
      const ended: string[] = [];
      await Promise.all(
        names.map(async (name) => {
          const result = await lambda.invoke(name, {});
          ended.push(`${name}${result.ok && result.payload}`);
        }),
      );
      return ended;
    }

    test('run the events that wait for them before they make room for others', async () => {
      expect(await invokeAll(['A', 'B', 'A', 'B'])).toEqual(['A1', 'A2', 'B1', 'B2']);
    });

    test('make room for an event of another function after twenty that came later', async () => {
      const ended = await invokeAll(['A', 'B', ...Array<string>(30).fill('A')]);

      expect(ended).toHaveLength(32);
      expect(ended.indexOf('B1')).toBe(21);
    });
  });

  test('may exceed the maximum when one waits for another', async () => {
    const inner = { ...bundled(handler('return "inner";')), name: 'Inner', arn: 'Inner' };
    const outer = bundled(
      handler('return fetch(process.env.API).then((response) => response.text());'),
    );
    const server = createServer(async (_request, response) => {
      const result = await lambda.invoke('Inner', {});
      response.end(result.ok && result.payload);
    });
    const { url, close } = await listen(server, 0);
    const lambda = lambdaRunner({
      functions: [outer, inner],
      logs: logLines(),
      maxSandboxes: 1,
      environment: () => ({ API: url }),
    });
    onTestFinished(async () => {
      await lambda.close();
      await close();
    });

    expect(await lambda.invoke(outer.name, {})).toEqual({ ok: true, payload: 'inner' });
  });

  test('share no globals, no environment and no modules with those of other functions', async () => {
    const functions = ['A', 'B'].map((name) => ({
      ...bundled(`
        import { Agent } from 'node:http';
        ${handler(`
          const found = [globalThis.mark, Array.prototype.mark, process.env.MARK, Agent.mark];
          globalThis.mark = Array.prototype.mark = process.env.MARK = Agent.mark = '${name}';
          return found;
        `)}`),
      name,
      arn: name,
    }));
    const lambda = lambdaRunner({ functions, logs: logLines() });
    onTestFinished(() => lambda.close());
    const results = [];
    for (const name of ['A', 'B', 'A']) results.push(await lambda.invoke(name, {}));

    const nothing = [null, null, null, null];
    expect(results).toEqual(
      [nothing, nothing, ['A', 'A', 'A', 'A']].map((payload) => ({ ok: true, payload })),
    );
  });

  test('with more objects than the function’s memory end, and no other sandbox does', async () => {
    const greedy = {
      ...bundled(handler('const all = []; for (;;) all.push({ all, text: String(all.length) });')),
      name: 'Greedy',
      arn: 'Greedy',
    };
    const modest = bundled(`${counting} ${handler('return ++calls;')}`);
    const lambda = lambdaRunner({ functions: [greedy, modest], logs: logLines() });
    onTestFinished(() => lambda.close());
    await lambda.invoke(modest.name, {});

    expect(await lambda.invoke('Greedy', {})).toMatchObject({ errorType: 'Runtime.ExitError' });
    expect(await lambda.invoke(modest.name, {})).toEqual({ ok: true, payload: 2 });
  });
});

describe('failures', () => {
  test('are returned with the name of the error', async () => {
    const { invoke, logs } = setUp(
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
    ['a thrown value that is no Error', handler('throw "no";'), 'string', 'no'],
    ['a result that is no JSON', handler('return 1n;'), 'TypeError', /BigInt/],
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
  ])('of %s have their own error type', async (_, source, errorType, errorMessage) => {
    const { invoke } = setUp(bundled(source));

    expect(await invoke()).toMatchObject({
      ok: false,
      errorType,
      errorMessage: expect.stringMatching(errorMessage),
    });
  });

  test('of a missing bundle are import errors', async () => {
    const { invoke } = setUp(bundled('', {}, 'other.mjs'));

    expect(await invoke()).toMatchObject({ errorType: 'Runtime.ImportModuleError' });
  });

  test('by timeout end the sandbox, and the next event gets a new one', async () => {
    const { invoke } = setUp(
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

  test('of an unknown function are ResourceNotFoundException', async () => {
    const { lambda } = setUp(bundled(''));

    expect(await lambda.invoke('Nobody', {})).toMatchObject({
      errorType: 'ResourceNotFoundException',
    });
  });

  test('are the result of running and waiting invocations when the runner is closed', async () => {
    const begun = Promise.withResolvers<void>();
    const { lambda, invoke } = setUp(
      bundled(handler('console.log("begun"); await new Promise(() => {});')),
      {
        maxSandboxes: 1,
        logs: { write: () => begun.resolve(), close: async () => undefined },
      },
    );
    const results = [invoke(), invoke()];
    await begun.promise;
    await lambda.close();

    expect(await Promise.all(results)).toMatchObject([
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
      'succeed at the last of three attempts',
      failing(2),
      {},
      { ok: true, payload: 3 },
      [6000, 12_000],
    ],
    [
      'are given up after the third attempt',
      failing(9),
      {},
      { ok: false, errorType: 'Error' },
      [6000, 12_000],
    ],
    [
      'are retried as often as the function’s configuration says',
      failing(9),
      { retryAttempts: 0 },
      { ok: false },
      [],
    ],
    [
      'are not made any more when the event is too old for them',
      failing(9),
      { maxEventAgeSeconds: 100 },
      { ok: false },
      [6000],
    ],
  ])('%s', async (_, source, differing, expected, expectedWaits) => {
    const waits: number[] = [];
    const delay = async (milliseconds: number) => void waits.push(milliseconds);
    const { lambda, logs } = setUp(bundled(source, differing), { speed: 10, delay });

    expect(await lambda.invoke('Test-Work', { key: 'k' }, { async: true })).toMatchObject(expected);
    expect(waits).toEqual(expectedWaits);
    const givenUp = logs.lines.filter((line) => line.includes('Event given up'));
    expect(givenUp).toEqual(
      expected.ok ? [] : [expect.stringContaining(String.raw`{\"key\":\"k\"}`)],
    );
  });

  test('do not delay the closing of the runner', async () => {
    const failed = Promise.withResolvers<void>();
    const logs = { write: () => failed.resolve(), close: async () => undefined };
    const { lambda } = setUp(bundled(failing(9)), { logs });
    const result = lambda.invoke('Test-Work', {}, { async: true });
    await failed.promise;
    await lambda.close();

    expect(await result).toMatchObject({ ok: false });
  });
});

describe('the output of a function', () => {
  test('goes to its log before its result counts, line by line and unchanged', async () => {
    const { invoke, logs } = setUp(
      bundled(
        handler(`
          console.log('{"level":"INFO"}\\nplain');
          console.error('bad');
          process.stdout.write(Buffer.from([0xc3]));
          process.stdout.write(Buffer.from([0xa4, 0x0a]));
        `),
      ),
    );
    await invoke();

    expect(logs.lines).toEqual(['{"level":"INFO"}', 'plain', 'bad', 'ä']);
  });

  test('is not lost when its sandbox is ended as soon as it responds', async () => {
    const { invoke, logs } = setUp(
      bundled(handler(`for (const line of [1, 2, 3]) console.log(line);`)),
      { maxIdleMs: 0 },
    );
    await invoke();

    expect(logs.lines).toEqual(['1', '2', '3']);
  });

  test('is not lost when it is stopped at its timeout, nor when it fails outside its handler', async () => {
    const { invoke, logs } = setUp(
      bundled(
        handler(`
          for (const line of [1, 2, 3]) console.log(line);
          process.stdout.write('end');
          if (event.hang) for (;;);
          queueMicrotask(() => { throw new Error('outside'); });
          await new Promise(() => {});
        `),
        { timeoutSeconds: 0.5 },
      ),
    );
    for (const hang of [true, false]) await invoke({ hang });

    expect(
      logs.lines.map((line) => (line.startsWith('{') ? JSON.parse(line).errorType : line)),
    ).toEqual(['1', '2', '3', 'end', 'Sandbox.Timedout', '1', '2', '3', 'end', 'Error']);
  });
});
