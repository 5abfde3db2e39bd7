import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type Meter, startMeter } from '../../bench/dynamodb-meter.ts';
import { providerAdapters } from '../../functions/adapters/providers/registry.ts';
import { formatCapacity } from '../../functions/domain/model/capacity.ts';
import { tablesOf } from '../../local/aws/template/read-tables.ts';
import { openStack, type TestStack, until } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';

// The request units of DynamoDB that each path takes, which AWS bills: a write unit for each kB, twice that in a
// transaction, and one for each entry of an index; a read unit for each 4 kB. A higher number is a decision: change it here
// and in docs/performance.md.

const sample = readFileSync('cli/sample.jpg');

let imageServer: Receiver;
let receiver: Receiver;
let metered: Metered;
let stack: TestStack;

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': sample });
  receiver = await startReceiver(200);
  metered = await openMetered();
  stack = metered.stack;
});
afterAll(async () => {
  await metered?.close();
  await Promise.all([imageServer?.close(), receiver?.close()]);
});

type Metered = {
  readonly stack: TestStack;
  readonly meter: Meter;
  close(): Promise<void>;
};

/** A stack whose functions use the meter. */
async function openMetered(parameters: Record<string, string> = {}): Promise<Metered> {
  const opened = await openStack({ outdir: inject('outdir'), speed: 3, parameters });
  const { context, environment, dynamoDb: client } = opened;
  const url = environment['AWS_ENDPOINT_URL_DYNAMODB'] ?? '';
  const meter = await startMeter({ url, client, tables: tablesOf(context) });
  Object.assign(environment, { AWS_ENDPOINT_URL_DYNAMODB: meter.url });
  opened.lambda.recycle(); // functions that start from now on use the meter
  opened.schedules.close(); // the reconciler costs the same however many tasks there are
  opened.mockProvider.control({ seconds: 0 });
  await runTask({}, opened); // fills caches and makes the writes of once a minute, which are not counted below
  return {
    stack: opened,
    meter,
    close: async () => {
      await opened.close();
      await meter.close();
    },
  };
}

const create = (more: object, on = stack) =>
  on.create({
    prompt: 'Cheap',
    size: '768x768',
    image_urls: [`${imageServer.url}/sample.jpg`],
    ...more,
  });

async function runTask(more: object, on = stack): Promise<string> {
  const { body } = await create(more, on);
  await until(() => on.isExecutionOver(body.id) && on.lambda.isIdle(), Boolean);
  return body.id;
}

/** The units of what `run` does, when nothing else runs. */
async function unitsOf(run: () => Promise<unknown>, { stack, meter } = metered) {
  await until(stack.lambda.isIdle, Boolean);
  meter.units.write.clear();
  meter.units.read = 0;
  await run();
  await until(stack.lambda.isIdle, Boolean);
  const write = [...meter.units.write.values()].reduce((total, one) => total + one, 0);
  return { write, read: meter.units.read };
}

/** The last use of a key is written once a minute, and the duration of a job now and then. */
const occasionalWrites = 2;

/** `SubmitTask` reads who waits for a provider without limits, once a second at most, however many tasks come. */
const slotsRead = 1;

type Units = { readonly write: number; readonly read: number };

function expectUnits(units: Units, budget: Units): void {
  expect(units.read, 'read units').toBeLessThanOrEqual(budget.read);
  expect(units.write, 'write units').toBeLessThanOrEqual(budget.write + occasionalWrites);
}

describe('a whole task', () => {
  // Of these, 14 are the create: two for each of request, state, entry and two balances, and one for the rate limit and for each
  // of three indexes. The settlement takes nearly as many.
  test('with one picture by URL stays within its units', async () => {
    expectUnits(await unitsOf(() => runTask({})), { write: 34, read: 6.5 + slotsRead });
  });

  test('with four images stays within its units', async () => {
    expectUnits(await unitsOf(() => runTask({ n: 4 })), { write: 37, read: 6.5 + slotsRead });
  });

  test('with a callback stays within its units, which include the item of one attempt', async () => {
    const callback = { callback_url: receiver.url };
    expectUnits(await unitsOf(() => runTask(callback)), { write: 40, read: 7.5 + slotsRead });
  });

  test('with a prompt of 2,000 characters stays within its units, since only the create and the settlement write it', async () => {
    const prompt = { prompt: 'p'.repeat(2000) };
    expectUnits(await unitsOf(() => runTask(prompt)), { write: 42, read: 6.5 + slotsRead });
  });
});

describe('with the capacity that a deployed DashScope has without settings', () => {
  let limited: Metered;
  beforeAll(async () => {
    const { capacity } = providerAdapters.dashscope;
    const published = capacity.default && formatCapacity(capacity.default);
    limited = await openMetered({ Providers: 'dashscope', [capacity.name]: published ?? '' });
  });
  afterAll(() => limited?.close());

  test('a task that finds a free slot takes two units more for taking and freeing the slot, and one for reading who waits', async () => {
    const units = await unitsOf(() => runTask({}, limited.stack), limited);
    const queue = [...limited.meter.units.write].filter(([name]) => /TablesQueue/.test(name));

    expectUnits(units, { write: 36, read: 7.5 });
    expect(queue.map(([, written]) => written)).toEqual([2]);
  });
});

describe('a request', () => {
  const form = { content_type: 'image/jpeg' };

  test('that creates a task with uploads stays within its units', async () => {
    const run = () => create({ image_urls: undefined, image_uploads: [form, form] });
    expectUnits(await unitsOf(run), { write: 14, read: 2.5 });
  });

  test('that creates a task within a daily budget takes as much as one without a budget, once the day has begun', async () => {
    const budget = { daily_budget_credits: 1000, stop_at_budget: true };
    const operator = { authorization: `Bearer ${stack.keys.adminKey}` };
    await stack.call('PATCH', '/v1/admin/accounts/default', budget, operator);
    const run = () => create({ image_urls: undefined, image_uploads: [form, form] });
    await run();
    expectUnits(await unitsOf(run), { write: 14, read: 2.5 });
    const none = { daily_budget_credits: null };
    await stack.call('PATCH', '/v1/admin/accounts/default', none, operator);
  });

  test('that reads a task stays within its units', async () => {
    const id = await runTask({});
    const run = () => stack.call('GET', `/v1/tasks/${id}`);
    await run(); // from here on the function knows the key
    expectUnits(await unitsOf(run), { write: 1, read: 1.5 });
  });

  test('that lists tasks takes half a unit for each partition, and for each task one for its state and one for its request', async () => {
    const run = () => stack.call('GET', '/v1/tasks?limit=5');
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 8 * 0.5 + 2 * 5 });
  });

  test('that lists tasks by a text takes one unit for the state of each task that it reads, and one for the request', async () => {
    const read = (await stack.call('GET', '/v1/tasks?limit=100')).body.data.length;
    expect(read).toBeLessThan(100); // so one query reads them
    const run = () => stack.call('GET', '/v1/tasks?limit=5&text=no%20prompt%20has%20this');
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 8 * 0.5 + 2 * read });
  });

  test('that lists callbacks takes half a unit for each partition, one for each task that it reads, and one for each attempt that it shows', async () => {
    await runTask({ callback_url: `${receiver.url}/done` });
    const read = (await stack.call('GET', '/v1/tasks?limit=100')).body.data.length;
    const run = () => stack.call('GET', '/v1/webhooks/deliveries?limit=5');
    const shown = (await run()).body.data.length;

    expect(shown).toBeGreaterThan(0);
    expect(read).toBeLessThan(50); // so one query reads them
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 8 * 0.5 + read + shown });
    const givenUp = () => stack.call('GET', '/v1/webhooks/deliveries?status=undelivered');
    expectUnits(await unitsOf(givenUp), { write: 1, read: 0.5 + 8 * 0.5 });
  });

  test('that reads several tasks takes two units for each', async () => {
    const ids = [await runTask({}), await runTask({})];
    const run = () => stack.call('POST', '/v1/tasks/batch', { task_ids: ids });
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 2 * 2 });
  });

  test('that deletes a task with its pictures stays within its units', async () => {
    const remove = async (id: string) => stack.call('DELETE', `/v1/tasks/${id}`);
    await remove(await runTask({})); // from here on the function knows the key
    const id = await runTask({});
    expectUnits(await unitsOf(() => remove(id)), { write: 10, read: 4 });
  });
});
