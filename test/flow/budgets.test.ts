import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Invocation } from '../support/faults/crash-injector.ts';
import { type Body, openStack, type TestStack, until, upload } from './open-stack.ts';
import { type Receiver, serveImages, startReceiver } from './receiver.ts';
import { controlProvider } from './start-stack.ts';
import { type Cost, costOf, wayBackOf } from './task-cost.ts';

// The cost of a task, in units that AWS counts. A higher number is a decision: change it here and in
// docs/performance.md.

/** The cost of one poll. */
const pollCost = { transitions: 1, invocations: 1, writes: 1 };
/** Two writes that happen once a task at most: that its job has begun, and its duration. */
const occasionalWrites = 2;

const sample = readFileSync('cli/sample.jpg');
const form = { content_type: 'image/jpeg' };

let stack: TestStack;
let imageServer: Receiver;
let receiver: Receiver;
let invocations: readonly Invocation[];

beforeAll(async () => {
  imageServer = await serveImages({ '/sample.jpg': sample });
  receiver = await startReceiver(200);
  // Slow enough that a poll has ended before the next one begins.
  stack = await openStack({ outdir: inject('outdir'), speed: 3 });
  invocations = stack.faults.record();
});
afterAll(async () => {
  await stack?.close();
  await Promise.all([imageServer?.close(), receiver?.close()]);
});

type Scenario = {
  readonly name: string;
  readonly provider?: Parameters<typeof controlProvider>[1];
  readonly request: () => object;
  readonly polls?: number;
  /** Without the polls. */
  readonly cost: Omit<Cost, 'polls'>;
};

const byUrl = () => ({ image_urls: [`${imageServer.url}/sample.jpg`] });
const withCallback = () => ({ ...byUrl(), callback_url: receiver.url });
const basicCost = { transitions: 3, invocations: 4, writes: 6, transactions: 2 };

const scenarios: readonly Scenario[] = [
  { name: 'a success', request: byUrl, cost: basicCost },
  {
    name: 'a success with three polls',
    provider: { seconds: 20 },
    request: byUrl,
    polls: 3,
    cost: basicCost,
  },
  {
    name: 'a success with a callback',
    request: withCallback,
    // The attempt is an item of its own, written with the state.
    cost: { ...basicCost, transactions: basicCost.transactions + 1 },
  },
  {
    name: 'a failure with a callback',
    provider: { outcome: 'failed' },
    request: withCallback,
    // The attempt is an item of its own, written with the state.
    cost: { ...basicCost, transactions: basicCost.transactions + 1 },
  },
  {
    name: 'a success by two uploads',
    request: () => ({ image_uploads: [form, form] }),
    cost: { ...basicCost, invocations: basicCost.invocations + 2, writes: basicCost.writes + 2 },
  },
  {
    name: 'a success with a poll that the provider does not answer',
    provider: { poll: 'busy', times: 1 },
    request: byUrl,
    polls: 2,
    // The poll leads to Reschedule and another first wait.
    cost: {
      ...basicCost,
      transitions: basicCost.transitions + 2,
      invocations: basicCost.invocations + 1,
      writes: basicCost.writes + 1,
    },
  },
  { name: 'a success with four images', request: () => ({ ...byUrl(), n: 4 }), cost: basicCost },
];

test.each(scenarios)(
  '$name stays within its budget of transitions, invocations, writes and transactions',
  async (scenario) => {
    controlProvider(stack, { seconds: 0, ...scenario.provider });

    const cost = await measureCost(scenario.request());

    const { polls, writes, ...exact } = cost;
    expect(polls).toBeGreaterThanOrEqual(scenario.polls ?? 1);
    expect(exact).toEqual({
      transitions: scenario.cost.transitions + polls * pollCost.transitions,
      invocations: scenario.cost.invocations + polls * pollCost.invocations,
      transactions: scenario.cost.transactions,
    });
    expect(writes).toBeLessThanOrEqual(
      scenario.cost.writes + polls * pollCost.writes + occasionalWrites,
    );
  },
);

/**
 * The calls of the first invocation of a function: for each call its name, and how many calls one after the other are
 * over at its end.
 */
async function callsOf(name: string, run: () => Promise<unknown>) {
  await until(stack.lambda.isIdle, Boolean);
  const before = invocations.length;
  await run();
  await until(stack.lambda.isIdle, Boolean);
  const [first] = invocations.slice(before).filter((invocation) => invocation.function === name);
  return first?.calls.map((call, index) => `${first.depths[index]} ${call}`).toSorted();
}

/** The calls of a create: three steps. Key and account are read at the same time, so a disabled account creates nothing. */
const callsOfCreate = [
  '1 dynamodb GetItem',
  '1 dynamodb GetItem',
  '1 dynamodb UpdateItem',
  '2 dynamodb TransactWriteItems',
  '3 states StartExecution',
];

test('a create reads its key and its account beside the rate limit, writes one transaction and then starts the workflow, and nothing else', async () => {
  const create = () => stack.create({ prompt: 'Cheap', ...byUrl() });
  await create(); // fills the caches

  expect(await callsOf('api/create-task', create)).toEqual(callsOfCreate);
});

test.each([
  ['a total limit', { total_limit_credits: 100 }],
  ['a daily limit', { daily_limit_credits: 100 }],
])(
  'a create with a key that has %s makes the same calls, without a read of the limit before',
  async (name, limits) => {
    const authorization = `Bearer ${stack.keys.adminKey}`;
    const key = { account: 'default', name, ...limits };
    const { body } = await stack.call('POST', '/v1/admin/keys', key, { authorization });
    const create = () =>
      stack.create({ prompt: 'Cheap', ...byUrl() }, { authorization: `Bearer ${body.api_key}` });
    await create(); // the first task of a day divides its limit

    expect(await callsOf('api/create-task', create)).toEqual(callsOfCreate);
  },
);

describe('from the webhook of the provider to the first byte of the callback', () => {
  let other: TestStack;
  let record: readonly Invocation[];
  let events: TestStack['executionEvents'];

  beforeAll(async () => {
    other = await openStack({
      outdir: inject('outdir'),
      speed: 3,
      parameters: { Providers: 'evolink' },
    });
    record = other.faults.record();
    events = other.executionEvents;
  });
  afterAll(() => other?.close());

  /** Runs a task whose job ends while it waits. */
  async function wayBack() {
    await until(other.lambda.isIdle, Boolean);
    const before = record.length;
    const { body } = await other.create({ prompt: 'Cheap', size: '768x768', ...withCallback() });
    await until(() => other.isExecutionOver(body.id) && other.lambda.isIdle(), Boolean);
    const own = events.filter(({ execution }) => execution === body.id);
    return wayBackOf(own, record.slice(before));
  }

  // The first run is with functions that were never called, whose secrets are not in memory yet.
  test.each([
    ['cold', 10],
    ['warm', 9],
  ])(
    'there is one transition, and %s functions await at most %i calls one after the other',
    async (_, mostAwaits) => {
      controlProvider(other, { seconds: 6 });

      const { transitions, awaits } = await wayBack();

      expect(transitions).toBe(1);
      expect(awaits).toBeLessThanOrEqual(mostAwaits);
    },
  );
});

/** Runs one task while nothing else runs. */
async function measureCost(request: object): Promise<Cost> {
  await until(stack.lambda.isIdle, Boolean);
  const before = invocations.length;
  const { body } = await stack.create({ prompt: 'Cheap', size: '768x768', ...request });
  await uploadAll(body);
  await until(() => stack.isExecutionOver(body.id) && stack.lambda.isIdle(), Boolean);
  const events = stack.executionEvents.filter(({ execution }) => execution === body.id);
  return costOf(events, invocations.slice(before));
}

async function uploadAll({ uploads = [] }: Body): Promise<void> {
  for (const one of uploads) expect(await upload(one, sample)).toBe(204);
}
