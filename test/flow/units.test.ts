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
  await runTask({}, opened); // what is cached, and written once a minute, is not counted below
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

/** Once a minute the last use of a key is written, and now and then how long a job took. */
const occasionalWrites = 2;

/** Who waits for a provider without limits: read by `SubmitTask` once a second at most, however many tasks come. */
const slotsRead = 1;

type Units = { readonly write: number; readonly read: number };

function expectUnits(units: Units, budget: Units): void {
  expect(units.read, 'read units').toBeLessThanOrEqual(budget.read);
  expect(units.write, 'write units').toBeLessThanOrEqual(budget.write + occasionalWrites);
}

describe('a whole task takes at most its units:', () => {
  // Of these, 14 are the create: two for each of request, state, entry and two balances, and one for the rate limit and for each
  // of three indexes. The settlement takes nearly as many.
  test('one by URL', async () => {
    expectUnits(await unitsOf(() => runTask({})), { write: 34, read: 6.5 + slotsRead });
  });

  test('one with four images', async () => {
    expectUnits(await unitsOf(() => runTask({ n: 4 })), { write: 37, read: 6.5 + slotsRead });
  });

  test('one with a callback, whose attempt is an item of its own', async () => {
    const callback = { callback_url: receiver.url };
    expectUnits(await unitsOf(() => runTask(callback)), { write: 40, read: 7.5 + slotsRead });
  });

  test('one with a prompt of 2,000 characters, which only the create and the settlement write', async () => {
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

  test('a task that finds a free slot takes two units more to take the slot and to free it, and one to read who waits', async () => {
    const units = await unitsOf(() => runTask({}, limited.stack), limited);
    const queue = [...limited.meter.units.write].filter(([name]) => /TablesQueue/.test(name));

    expectUnits(units, { write: 36, read: 7.5 });
    expect(queue.map(([, written]) => written)).toEqual([2]);
  });
});

describe('a request takes at most its units:', () => {
  const form = { content_type: 'image/jpeg' };

  test('a create that waits for uploads', async () => {
    const run = () => create({ image_urls: undefined, image_uploads: [form, form] });
    expectUnits(await unitsOf(run), { write: 14, read: 2.5 });
  });

  test('a create of an account with a daily budget, once its day has begun: what one without takes', async () => {
    const budget = { daily_budget_credits: 1000, stop_at_budget: true };
    const operator = { authorization: `Bearer ${stack.keys.adminKey}` };
    await stack.call('PATCH', '/v1/admin/accounts/default', budget, operator);
    const run = () => create({ image_urls: undefined, image_uploads: [form, form] });
    await run();
    expectUnits(await unitsOf(run), { write: 14, read: 2.5 });
    const none = { daily_budget_credits: null };
    await stack.call('PATCH', '/v1/admin/accounts/default', none, operator);
  });

  test('a read of a task', async () => {
    const id = await runTask({});
    const run = () => stack.call('GET', `/v1/tasks/${id}`);
    await run(); // from here on the function knows the key
    expectUnits(await unitsOf(run), { write: 1, read: 1.5 });
  });

  test('a page of a list: half a unit for each of its partitions, and for each task one for its state and one for what was asked', async () => {
    const run = () => stack.call('GET', '/v1/tasks?limit=5');
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 8 * 0.5 + 2 * 5 });
  });

  test('a page of tasks with a text: one for the state of each task that is looked at, and one for what was asked, read once', async () => {
    const looked = (await stack.call('GET', '/v1/tasks?limit=100')).body.data.length;
    expect(looked).toBeLessThan(100); // which one read looks at
    const run = () => stack.call('GET', '/v1/tasks?limit=5&text=no%20prompt%20has%20this');
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 8 * 0.5 + 2 * looked });
  });

  test('a page of callbacks: half a unit for each partition, one for each task that is looked at, and one for each attempt that is shown', async () => {
    await runTask({ callback_url: `${receiver.url}/done` });
    const looked = (await stack.call('GET', '/v1/tasks?limit=100')).body.data.length;
    const run = () => stack.call('GET', '/v1/webhooks/deliveries?limit=5');
    const shown = (await run()).body.data.length;

    expect(shown).toBeGreaterThan(0);
    expect(looked).toBeLessThan(50); // which one read looks at
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 8 * 0.5 + looked + shown });
    const givenUp = () => stack.call('GET', '/v1/webhooks/deliveries?status=undelivered');
    expectUnits(await unitsOf(givenUp), { write: 1, read: 0.5 + 8 * 0.5 });
  });

  test('a batch: two for each task', async () => {
    const ids = [await runTask({}), await runTask({})];
    const run = () => stack.call('POST', '/v1/tasks/batch', { task_ids: ids });
    expectUnits(await unitsOf(run), { write: 1, read: 0.5 + 2 * 2 });
  });

  test('a deletion, with its pictures', async () => {
    const remove = async (id: string) => stack.call('DELETE', `/v1/tasks/${id}`);
    await remove(await runTask({})); // from here on the function knows the key
    const id = await runTask({});
    expectUnits(await unitsOf(() => remove(id)), { write: 10, read: 4 });
  });
});
