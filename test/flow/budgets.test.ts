import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Invocation } from '../../local/faults/kills.ts';
import { type Cost, costOf } from './cost.ts';
import { openWorld } from './open-world.ts';
import { type Receiver, servePictures, startReceiver } from './receiver.ts';
import { type Body, painting, until, upload, type World } from './world.ts';

// What a task costs in what AWS counts. More of anything is a decision: change the number here, and in
// docs/performance.md.

/** Every poll is one of each. */
const poll = { transitions: 1, invocations: 1, writes: 1 };
/** Once a minute a key is noted as used; once a task something may be learned from how it went. */
const nowAndThen = 2;

const sample = readFileSync('cli/sample.jpg');
const form = { content_type: 'image/jpeg' };

let world: World;
let pictures: Receiver;
let caller: Receiver;
let record: readonly Invocation[];

beforeAll(async () => {
  pictures = await servePictures({ '/sample.jpg': sample });
  caller = await startReceiver(200);
  // Slow enough that a poll is over before the next one is due.
  world = await openWorld({ outdir: inject('outdir'), speed: 3 });
  record = world.faults.record();
});
afterAll(async () => {
  await world?.close();
  await Promise.all([pictures?.close(), caller?.close()]);
});

type Path = {
  readonly name: string;
  readonly painting?: Parameters<typeof painting>[1];
  readonly request: () => object;
  readonly polls?: number;
  /** Without its polls. */
  readonly cost: Omit<Cost, 'polls'>;
};

const byAddress = () => ({ image_urls: [`${pictures.url}/sample.jpg`] });
const told = () => ({ ...byAddress(), callback_url: caller.url });
const plain = { transitions: 5, invocations: 6, writes: 6, transactions: 2 };

const paths: readonly Path[] = [
  { name: 'a success', request: byAddress, cost: plain },
  {
    name: 'a success with three polls',
    painting: { poll: 'busy', times: 2 },
    request: byAddress,
    polls: 3,
    cost: plain,
  },
  {
    name: 'a success whose caller is told',
    request: told,
    cost: { ...plain, writes: plain.writes + 1 },
  },
  {
    name: 'a failure whose caller is told',
    painting: { outcome: 'failed' },
    request: told,
    cost: { ...plain, writes: plain.writes + 1 },
  },
  {
    name: 'a success by two uploads',
    request: () => ({ image_uploads: [form, form] }),
    cost: { ...plain, invocations: plain.invocations + 2, writes: plain.writes + 2 },
  },
  { name: 'a success with four images', request: () => ({ ...byAddress(), n: 4 }), cost: plain },
];

test.each(paths)('$name costs what it did, and no more', async (path) => {
  painting(world, { seconds: 0, ...path.painting });

  const spent = await spend(path.request());

  const { polls, writes, ...exact } = spent;
  expect(polls).toBeGreaterThanOrEqual(path.polls ?? 1);
  expect(exact).toEqual({
    transitions: path.cost.transitions + polls * poll.transitions,
    invocations: path.cost.invocations + polls * poll.invocations,
    transactions: path.cost.transactions,
  });
  expect(writes).toBeLessThanOrEqual(path.cost.writes + polls * poll.writes + nowAndThen);
});

/** Lets one task run while nothing else does. */
async function spend(request: object): Promise<Cost> {
  await until(world.lambda.isIdle, Boolean);
  const before = record.length;
  const { body } = await world.create({ prompt: 'Cheap', size: '768x768', ...request });
  await sendAll(body);
  await until(() => world.isClosed(body.id) && world.lambda.isIdle(), Boolean);
  const history = world.transitions.filter(({ execution }) => execution === body.id);
  return costOf(history, record.slice(before));
}

async function sendAll({ uploads = [] }: Body): Promise<void> {
  for (const one of uploads) expect(await upload(one, sample)).toBe(204);
}
