import { describe, expect, onTestFinished, test } from 'vitest';
import { faultInlets } from '../../../local/faults/faults.ts';
import { lambdaRunner } from '../../../local/lambda/lambda.ts';
import type { FunctionDefinition } from '../../../local/template/read-functions.ts';
import { bundled, linesKept } from '../bundle.ts';
import { startReceiver } from './receiver.ts';

const killed = {
  ok: false,
  errorType: 'Runtime.ExitError',
  errorMessage: expect.stringMatching(
    /^RequestId: \S+ Error: Runtime exited with error: signal: killed$/,
  ),
};

// How many events a sandbox has seen tells a warm one from a new one.
const source = (body: string, first: string) => `
  import { request } from 'node:http';
  import { createRequire } from 'node:module';
  let events = 0;
  const get = (path) => fetch(process.env.RECEIVER + path).then((answer) => answer.json());
  const old = (path, body = '') => new Promise((resolve, reject) => {
    const sent = request(process.env.RECEIVER + path, { method: 'POST' }, (answer) => {
      resolve();
      answer.resume();
    });
    sent.on('error', reject).end(body);
  });
  ${first}
  export const handler = async (event) => { events += 1; ${body} };
`;

async function world(body: string, differing: Partial<FunctionDefinition> = {}, first = '') {
  const receiver = await startReceiver();
  const definition = bundled(source(body, first), {
    description: 'functions/workflow/paint.ts',
    environment: { RECEIVER: receiver.url },
    ...differing,
  });
  const inlets = faultInlets([definition], 1);
  const lambda = lambdaRunner({
    ...{ functions: [definition], logs: linesKept(), watch: inlets.watch, delay: async () => {} },
  });
  onTestFinished(() => lambda.close());
  const faults = inlets.orders({ lambda, endExecution: () => undefined });
  const invoke = (payload: unknown = {}) => lambda.invoke('Test-Paint', payload);
  return { receiver, lambda, invoke, faults };
}

const paint = 'workflow/paint';
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
  test('holds every invocation with its calls, in words that hold no ids', async () => {
    const { invoke, faults } = await world(`
      await get('/v1/tasks/task-unified-1757156493-imcvqkyr/sample.jpg?secret=1');
      await old('/api/image2image/image-synthesis/0f8fad5b-d9cb-469f-a165-70867728950e');
      if (events === 2) await get('/hooks/Zx81-secret/2');
    `);

    const record = faults.record();
    await invoke();
    await invoke();

    const usual = [
      'GET 127.0.0.1 /v1/tasks/…/sample.jpg',
      'POST 127.0.0.1 /api/image2image/image-synthesis/…',
    ];
    expect(record).toEqual([
      { function: paint, number: 1, calls: usual },
      { function: paint, number: 2, calls: [...usual, 'GET 127.0.0.1 /hooks/…/2'] },
    ]);
  });

  test('names the calls to AWS by service and operation', async () => {
    const { invoke, faults } = await world(speakingToAws, {}, aws);

    const record = faults.record();
    await invoke();

    expect(record[0]?.calls).toEqual(['states SendTaskSuccess', 's3 PutObject', 's3 HEAD']);
  });

  test('begins anew, and with functions that start afresh', async () => {
    const { invoke, faults } = await world('return events;');
    await invoke();

    const first = faults.record();
    const answers = [await invoke(), await invoke()];
    const second = faults.record();
    answers.push(await invoke());

    expect(answers).toEqual([1, 2, 1].map((payload) => ({ ok: true, payload })));
    expect(first.map(({ number }) => number)).toEqual([1, 2]);
    expect(second.map(({ number }) => number)).toEqual([1]);
  });

  test('calls a function by its logical id when nothing says where it is written', async () => {
    const { invoke, faults } = await world('', { description: undefined });
    const record = faults.record();
    await invoke();

    expect(record).toEqual([{ function: 'Paint', number: 1, calls: [] }]);
  });
});

describe('a function', () => {
  test.each([1, 2, 3])('dies before call %i, of which nothing is sent', async (call) => {
    const { invoke, faults, receiver } = await world(three);
    const order = faults.kill({ function: paint, call, when: 'before' });

    expect(await invoke()).toEqual(killed);
    expect(receiver.paths()).toEqual(['/one', '/two', '/three'].slice(0, call - 1));
    expect(order.hasHappened()).toBe(true);
  });

  test.each([1, 2, 3])('dies after call %i, which is answered to the end', async (call) => {
    const { invoke, faults, receiver } = await world(three);
    faults.kill({ function: paint, call, when: 'after' });

    expect(await invoke()).toEqual(killed);
    expect(receiver.paths()).toEqual(['/one', '/two', '/three'].slice(0, call));
    await receiver.until(() => receiver.heard.every(({ answered }) => answered));
  });

  test('does not go on with an answer it dies after, not even by a word to its log', async () => {
    const { invoke, faults, receiver } = await world(`
      if (event.old) await old('/first', 'x'.repeat(1_000_000));
      else await fetch(process.env.RECEIVER + '/first');
      void get('/told');
      await get('/second');
    `);
    faults.kill({ function: paint, call: 1, when: 'after' });
    faults.kill({ function: paint, invocation: 2, call: 1, when: 'after' });

    expect([await invoke(), await invoke({ old: true })]).toEqual([killed, killed]);
    expect(receiver.paths()).toEqual(['/first', '/first']);
    expect(receiver.heard[1]?.body).toHaveLength(1_000_000);
  });

  test('dies after a call that nobody answers, too', async () => {
    const { invoke, faults } = await world(`
      const nowhere = 'http://127.0.0.1:1/';
      if (event.old) await new Promise((resolve) => request(nowhere).on('error', resolve).end());
      else await fetch(nowhere).catch(() => undefined);
      return 'went on';
    `);
    faults.kill({ function: paint, invocation: 1, call: 1, when: 'after' });
    faults.kill({ function: paint, invocation: 2, call: 1, when: 'after' });

    expect([await invoke({ old: true }), await invoke()]).toEqual([killed, killed]);
    expect(await invoke()).toEqual({ ok: true, payload: 'went on' });
  });

  test.each([
    ['before', 1, 3],
    ['after', 1, 4],
    ['before', 2, 4],
    ['after', 2, 5],
  ] as const)(
    'dies %s call %i to AWS, on a connection that is in use',
    async (when, call, heard) => {
      const { invoke, faults, receiver } = await world(speakingToAws, {}, aws);
      faults.kill({ function: paint, invocation: 2, call, when });
      await invoke();

      expect(await invoke()).toEqual(killed);
      expect(receiver.heard).toHaveLength(heard);
      expect(receiver.heard[4]?.body.length ?? 3_000_000).toBeGreaterThanOrEqual(3_000_000);
    },
  );

  test('dies with its parallel calls under way', async () => {
    const { invoke, faults, receiver } = await world(
      `await Promise.all(['/a', '/b', '/c'].map((path) => old(path)));`,
    );
    const record = faults.record();
    faults.kill({ function: paint, call: 2, when: 'before' });

    expect(await invoke()).toEqual(killed);
    expect(record[0]?.calls).toEqual(['/a', '/b'].map((path) => `POST 127.0.0.1 ${path}`));
    expect(receiver.paths()).not.toContain('/b');
  });

  test('dies in the invocation that was meant, and only there', async () => {
    const { invoke, faults } = await world(three);
    const record = faults.record();
    faults.kill({ function: paint, invocation: 2, call: 3, when: 'before' });

    const answers = [await invoke(), await invoke(), await invoke()];

    // The third finds a new sandbox.
    expect(answers).toEqual([
      { ok: true, payload: { events: 1 } },
      killed,
      { ok: true, payload: { events: 1 } },
    ]);
    expect(record.map(({ calls }) => calls.length)).toEqual([3, 3, 3]);
  });

  test('dies once at each order, also when two orders say the same', async () => {
    const { invoke, faults } = await world(three);
    const orders = [1, 2].map(() => faults.kill({ function: paint, call: 1, when: 'before' }));

    expect(await invoke()).toEqual(killed);
    expect(orders.map((order) => order.hasHappened())).toEqual([true, false]);
    expect(await invoke()).toEqual(killed);
    expect(await invoke()).toMatchObject({ ok: true });
  });

  test('that still runs from before the record is left alone', async () => {
    const { invoke, faults, receiver } = await world(
      "for (let turn = 0; turn < 50; turn += 1) await get('/turn');",
    );
    faults.record();
    const left = invoke();
    await receiver.until(() => receiver.paths().includes('/turn'));
    const record = faults.record();
    const order = faults.kill({ function: paint, invocation: 1, call: 4, when: 'before' });

    expect(await left).toMatchObject({ ok: true });
    expect([record, order.hasHappened()]).toEqual([[], false]);
  });

  test('dies of a call that it makes while it is loaded, too', async () => {
    const { invoke, faults } = await world('', {}, "await get('/early');");
    faults.kill({ function: paint, call: 1, when: 'after' });

    expect(await invoke()).toEqual(killed);
    expect(await invoke()).toMatchObject({ ok: true });
  });

  test('dies beside others that live', async () => {
    const { invoke, faults } = await world(three);
    faults.kill({ function: paint, invocation: 2, call: 2, when: 'after' });

    const answers = await Promise.all([invoke(), invoke(), invoke()]);

    expect(answers.map(({ ok }) => ok).toSorted()).toEqual([false, true, true]);
  });

  test('that was told of an event is told again, as of every failure', async () => {
    const { lambda, faults, receiver } = await world(three);
    const record = faults.record();
    faults.kill({ function: paint, call: 2, when: 'after' });

    expect(await lambda.invoke('Test-Paint', {}, { async: true })).toMatchObject({ ok: true });
    expect(record.map(({ calls }) => calls.length)).toEqual([2, 3]);
    expect(receiver.paths()).toEqual(['/one', '/two', '/one', '/two', '/three']);
  });

  test('that does not exist cannot be ordered to die', async () => {
    const { faults } = await world('');

    expect(() => faults.kill({ function: 'paint', call: 1, when: 'before' })).toThrow(
      'There is no function paint',
    );
  });
});

describe('without orders', () => {
  test('nothing is watched, and warm sandboxes stay', async () => {
    const { invoke } = await world(
      'return [events, fetch.name, String(fetch).includes("witness")];',
    );

    expect(await invoke()).toEqual({ ok: true, payload: [1, 'fetch', false] });
    expect(await invoke()).toEqual({ ok: true, payload: [2, 'fetch', false] });
  });

  test('what is watched does what it always does', async () => {
    const { invoke, faults, receiver } = await world(three);
    const before = await invoke();
    faults.record();
    const watched = await invoke();

    expect(watched).toEqual(before);
    expect(receiver.paths()).toEqual(['/one', '/two', '/three', '/one', '/two', '/three']);
  });

  test('once cleared it is as if there never had been any', async () => {
    const { invoke, faults } = await world(
      'await get("/"); return String(fetch).includes("witness");',
    );
    const record = faults.record();
    const order = faults.kill({ function: paint, call: 1, when: 'before' });
    faults.clear();

    expect(await invoke()).toEqual({ ok: true, payload: false });
    expect([order.hasHappened(), record]).toEqual([false, []]);
  });
});
