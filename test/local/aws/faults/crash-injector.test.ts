import { describe, expect, onTestFinished, test } from 'vitest';
import { lambdaRunner } from '../../../../local/aws/lambda/lambda.ts';
import type { FunctionDefinition } from '../../../../local/aws/template/read-functions.ts';
import { faultInjection } from '../../../support/faults/faults.ts';
import { bundled, logLines } from '../bundle.ts';
import { startReceiver } from './receiver.ts';

const killed = {
  ok: false,
  errorType: 'Runtime.ExitError',
  errorMessage: expect.stringMatching(
    /^RequestId: \S+ Error: Runtime exited with error: signal: killed$/,
  ),
};

// The number of events in a sandbox shows whether the sandbox is warm or new.
const source = (body: string, first: string) => `
  import { request } from 'node:http';
  import { createRequire } from 'node:module';
  let events = 0;
  const get = (path) => fetch(process.env.RECEIVER + path).then((response) => response.json());
  const old = (path, body = '') => new Promise((resolve, reject) => {
    const sent = request(process.env.RECEIVER + path, { method: 'POST' }, (response) => {
      resolve();
      response.resume();
    });
    sent.on('error', reject).end(body);
  });
  ${first}
  export const handler = async (event) => { events += 1; ${body} };
`;

async function setUp(body: string, differing: Partial<FunctionDefinition> = {}, first = '') {
  const receiver = await startReceiver();
  const definition = bundled(source(body, first), {
    description: 'workflow/work',
    environment: { RECEIVER: receiver.url },
    ...differing,
  });
  const injection = faultInjection();
  const lambda = lambdaRunner({
    functions: [definition],
    logs: logLines(),
    prelude: injection.seams.prelude,
    delay: async () => {},
  });
  onTestFinished(() => lambda.close());
  const faults = injection.commands({
    functions: [definition],
    lambda,
    endExecution: () => undefined,
  });
  const invoke = (payload: unknown = {}) => lambda.invoke('Test-Work', payload);
  return { receiver, lambda, invoke, faults };
}

const functionName = 'workflow/work';
const three = `
  await get('/one');
  await old('/two');
  await get('/three');
  return { events };
`;

const aws = `
  const load = createRequire(${JSON.stringify(import.meta.filename)});
  const { SFNClient, SendTaskSuccessCommand } = load('@aws-sdk/client-sfn');
  const { S3Client, PutObjectCommand, HeadObjectCommand } = load('@aws-sdk/client-s3');
  const options = {
    endpoint: process.env.RECEIVER,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  };
  const sfn = new SFNClient(options);
  const s3 = new S3Client(options);
`;
const speakingToAws = `
  const there = { Bucket: 'bucket', Key: 'key' };
  await sfn.send(new SendTaskSuccessCommand({ taskToken: 'token', output: '{}' }));
  await s3.send(new PutObjectCommand({ ...there, Body: 'x'.repeat(3_000_000) }));
  await s3.send(new HeadObjectCommand(there)).catch(() => undefined);
`;

describe('the record', () => {
  test('contains every invocation with its calls, described without ids', async () => {
    const { invoke, faults } = await setUp(`
      await get('/v1/tasks/task-unified-1757156493-imcvqkyr/sample.jpg?secret=1');
      await old('/api/image2image/image-synthesis/0f8fad5b-d9cb-469f-a165-70867728950e');
      if (events === 2) await get('/hooks/Zx81-secret/2');
    `);

    const record = faults.record();
    await invoke();
    await invoke();

    const regularCalls = [
      'GET 127.0.0.1 /v1/tasks/…/sample.jpg',
      'POST 127.0.0.1 /api/image2image/image-synthesis/…',
    ];
    expect(record).toEqual([
      { function: functionName, number: 1, calls: regularCalls, depths: [1, 2], event: {} },
      {
        function: functionName,
        number: 2,
        calls: [...regularCalls, 'GET 127.0.0.1 /hooks/…/2'],
        depths: [1, 2, 3],
        event: {},
      },
    ]);
  });

  test('distinguishes calls that wait for each other from calls at the same time, also when one fails', async () => {
    const { invoke, faults } = await setUp(`
      const refused = () => fetch('http://127.0.0.1:1/').catch(() => undefined);
      const broken = () => new Promise((resolve) => {
        request('http://127.0.0.1:1/').on('error', resolve).end();
      });
      await Promise.all([get('/one'), old('/two').then(() => get('/three')), refused()]);
      await broken();
      await get('/four');
    `);

    const record = faults.record();
    await invoke();

    const depths = record[0]?.calls.map((call, index) => [call, record[0]?.depths[index]]);
    expect(depths).toEqual([
      ['GET 127.0.0.1 /one', 1],
      ['POST 127.0.0.1 /two', 1],
      ['GET 127.0.0.1 /', 1],
      ['GET 127.0.0.1 /three', 2],
      ['GET 127.0.0.1 /', 3],
      ['GET 127.0.0.1 /four', 4],
    ]);
  });

  test('names the calls to AWS by service and operation', async () => {
    const { invoke, faults } = await setUp(speakingToAws, {}, aws);

    const record = faults.record();
    await invoke();

    expect(record[0]?.calls).toEqual(['states SendTaskSuccess', 's3 PutObject', 's3 HEAD']);
  });

  test('starts anew, with all functions in new sandboxes', async () => {
    const { invoke, faults } = await setUp('return events;');
    await invoke();

    const first = faults.record();
    const results = [await invoke(), await invoke()];
    const second = faults.record();
    results.push(await invoke());

    expect(results).toEqual([1, 2, 1].map((payload) => ({ ok: true, payload })));
    expect(first.map(({ number }) => number)).toEqual([1, 2]);
    expect(second.map(({ number }) => number)).toEqual([1]);
  });

  test('names a function by its logical id when its file is not known', async () => {
    const { invoke, faults } = await setUp('', { description: undefined });
    const record = faults.record();
    await invoke();

    expect(record).toEqual([{ function: 'Work', number: 1, calls: [], depths: [], event: {} }]);
  });
});

describe('a function', () => {
  test.each([1, 2, 3])('crashes before call %i, of which nothing is sent', async (call) => {
    const { invoke, faults, receiver } = await setUp(three);
    const crash = faults.crash({ function: functionName, call, when: 'before' });

    expect(await invoke()).toEqual(killed);
    expect(receiver.paths()).toEqual(['/one', '/two', '/three'].slice(0, call - 1));
    expect(crash.hasHappened()).toBe(true);
  });

  test.each([1, 2, 3])('crashes after call %i, whose response is complete', async (call) => {
    const { invoke, faults, receiver } = await setUp(three);
    faults.crash({ function: functionName, call, when: 'after' });

    expect(await invoke()).toEqual(killed);
    expect(receiver.paths()).toEqual(['/one', '/two', '/three'].slice(0, call));
    await receiver.until(() => receiver.requests.every(({ hasResponded }) => hasResponded));
  });

  test('does nothing after the response after which it crashes', async () => {
    const { invoke, faults, receiver } = await setUp(`
      if (event.old) await old('/first', 'x'.repeat(1_000_000));
      else await fetch(process.env.RECEIVER + '/first');
      void get('/never');
      await get('/second');
    `);
    faults.crash({ function: functionName, call: 1, when: 'after' });
    faults.crash({ function: functionName, invocation: 2, call: 1, when: 'after' });

    expect([await invoke(), await invoke({ old: true })]).toEqual([killed, killed]);
    expect(receiver.paths()).toEqual(['/first', '/first']);
    expect(receiver.requests[1]?.body).toHaveLength(1_000_000);
  });

  test('also crashes after a call that fails', async () => {
    const { invoke, faults } = await setUp(`
      const nowhere = 'http://127.0.0.1:1/';
      if (event.old) await new Promise((resolve) => request(nowhere).on('error', resolve).end());
      else await fetch(nowhere).catch(() => undefined);
      return 'went on';
    `);
    faults.crash({ function: functionName, invocation: 1, call: 1, when: 'after' });
    faults.crash({ function: functionName, invocation: 2, call: 1, when: 'after' });

    expect([await invoke({ old: true }), await invoke()]).toEqual([killed, killed]);
    expect(await invoke()).toEqual({ ok: true, payload: 'went on' });
  });

  test.each([
    ['before', 1, 3],
    ['after', 1, 4],
    ['before', 2, 4],
    ['after', 2, 5],
  ] as const)(
    'crashes %s call %i to AWS, on a reused connection',
    async (when, call, requestCount) => {
      const { invoke, faults, receiver } = await setUp(speakingToAws, {}, aws);
      faults.crash({ function: functionName, invocation: 2, call, when });
      await invoke();

      expect(await invoke()).toEqual(killed);
      expect(receiver.requests).toHaveLength(requestCount);
      expect(receiver.requests[4]?.body.length ?? 3_000_000).toBeGreaterThanOrEqual(3_000_000);
    },
  );

  test('crashes while parallel calls are in progress', async () => {
    const { invoke, faults, receiver } = await setUp(
      `await Promise.all(['/a', '/b', '/c'].map((path) => old(path)));`,
    );
    const record = faults.record();
    faults.crash({ function: functionName, call: 2, when: 'before' });

    expect(await invoke()).toEqual(killed);
    expect(record[0]?.calls).toEqual(['/a', '/b'].map((path) => `POST 127.0.0.1 ${path}`));
    expect(receiver.paths()).not.toContain('/b');
  });

  test('crashes only in the planned invocation', async () => {
    const { invoke, faults } = await setUp(three);
    const record = faults.record();
    faults.crash({ function: functionName, invocation: 2, call: 3, when: 'before' });

    const results = [await invoke(), await invoke(), await invoke()];

    // The third call finds a new sandbox.
    expect(results).toEqual([
      { ok: true, payload: { events: 1 } },
      killed,
      { ok: true, payload: { events: 1 } },
    ]);
    expect(record.map(({ calls }) => calls.length)).toEqual([3, 3, 3]);
  });

  test('crashes once for each plan, also when two plans are equal', async () => {
    const { invoke, faults } = await setUp(three);
    const crashes = [1, 2].map(() =>
      faults.crash({ function: functionName, call: 1, when: 'before' }),
    );

    expect(await invoke()).toEqual(killed);
    expect(crashes.map((crash) => crash.hasHappened())).toEqual([true, false]);
    expect(await invoke()).toEqual(killed);
    expect(await invoke()).toMatchObject({ ok: true });
  });

  test('that began before the record does not crash', async () => {
    const { invoke, faults, receiver } = await setUp(
      "for (let turn = 0; turn < 50; turn += 1) await get('/turn');",
    );
    faults.record();
    const left = invoke();
    await receiver.until(() => receiver.paths().includes('/turn'));
    const record = faults.record();
    const crash = faults.crash({ function: functionName, invocation: 1, call: 4, when: 'before' });

    expect(await left).toMatchObject({ ok: true });
    expect([record, crash.hasHappened()]).toEqual([[], false]);
  });

  test('also crashes at a call that it makes while its bundle is loaded', async () => {
    const { invoke, faults } = await setUp('', {}, "await get('/early');");
    faults.crash({ function: functionName, call: 1, when: 'after' });

    expect(await invoke()).toEqual(killed);
    expect(await invoke()).toMatchObject({ ok: true });
  });

  test('crashes while parallel invocations go on', async () => {
    const { invoke, faults } = await setUp(three);
    faults.crash({ function: functionName, invocation: 2, call: 2, when: 'after' });

    const results = await Promise.all([invoke(), invoke(), invoke()]);

    expect(results.map(({ ok }) => ok).toSorted()).toEqual([false, true, true]);
  });

  test('is retried after a crash of an asynchronous invocation, as after every failure', async () => {
    const { lambda, faults, receiver } = await setUp(three);
    const record = faults.record();
    faults.crash({ function: functionName, call: 2, when: 'after' });

    expect(await lambda.invoke('Test-Work', {}, { async: true })).toMatchObject({ ok: true });
    expect(record.map(({ calls }) => calls.length)).toEqual([2, 3]);
    expect(receiver.paths()).toEqual(['/one', '/two', '/one', '/two', '/three']);
  });

  test('that does not exist is rejected in a plan', async () => {
    const { faults } = await setUp('');

    expect(() => faults.crash({ function: 'work', call: 1, when: 'before' })).toThrow(
      'There is no function work',
    );
  });
});

describe('without plans', () => {
  test('no call is watched, and warm sandboxes are reused', async () => {
    const { invoke } = await setUp(
      'return [events, fetch.name, String(fetch).includes("watcher")];',
    );

    expect(await invoke()).toEqual({ ok: true, payload: [1, 'fetch', false] });
    expect(await invoke()).toEqual({ ok: true, payload: [2, 'fetch', false] });
  });

  test('a watched function behaves as it does otherwise', async () => {
    const { invoke, faults, receiver } = await setUp(three);
    const before = await invoke();
    faults.record();
    const watched = await invoke();

    expect(watched).toEqual(before);
    expect(receiver.paths()).toEqual(['/one', '/two', '/three', '/one', '/two', '/three']);
  });

  test('after clear() no function is watched or crashes', async () => {
    const { invoke, faults } = await setUp(
      'await get("/"); return String(fetch).includes("watcher");',
    );
    const record = faults.record();
    const crash = faults.crash({ function: functionName, call: 1, when: 'before' });
    faults.clear();

    expect(await invoke()).toEqual({ ok: true, payload: false });
    expect([crash.hasHappened(), record]).toEqual([false, []]);
  });
});
