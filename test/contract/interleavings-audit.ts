import { expect } from 'vitest';
import type { Entry } from '../../functions/task/account.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { isEnded, type Task } from '../../functions/task/task.ts';
import { auditLedger, total } from './interleavings-ledger.ts';
import {
  type Account,
  accounts,
  keysOf,
  mostInFlight,
  operator,
  price,
  type World,
} from './interleavings-world.ts';
import { entriesOf, keyIn } from './stores.ts';

/** Whatever happened: the money is all there, once, and where the tasks say it is. */
export async function audit(world: World): Promise<void> {
  const { store } = world.ground;
  const found = await Promise.all(world.drafts.map(({ id }) => store.tasks.find(id)));
  const tasks = found.filter((task) => task !== undefined);
  const ledgers: Entry[] = [];

  auditTasks(world, tasks);
  for (const account of accounts) {
    const own = tasks.filter((task) => task.account === account);
    const entries = await entriesOf(store, account);
    const funds = await store.funds(account);
    await auditAccount(world, account, own);
    auditLedger(world, { account, tasks: own, entries, funds });
    for (const key of keysOf(account)) await auditKey(world, key, own);
    ledgers.push(...entries);
  }
  auditIdempotencyKeys(world, tasks, ledgers);
}

function auditTasks({ answered, ended }: World, tasks: readonly Task[]): void {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  for (const id of answered) expect(byId.has(id), `${id} was answered and is there`).toBe(true);
  for (const [id, first] of ended) expect(byId.get(id), `${id} ended once`).toEqual(first);
  for (const task of tasks.filter((one) => isEnded(one))) {
    const { id, status, charged, reserved, n } = task;
    const made = status === 'completed' ? Math.min(task.images.length, n) : 0;
    expect({ charged, reserved }, `${id} costs what was made of it`).toEqual({
      ...{ charged: made * price, reserved: n * price },
    });
  }
}

async function auditAccount(
  { ground }: World,
  account: Account,
  tasks: readonly Task[],
): Promise<void> {
  const funds = await ground.store.funds(account);
  expect(funds.balance + funds.reserved + funds.used, `${account} has what was granted`).toBe(
    funds.granted,
  );
  expect(funds.balance, `${account} never owes`).toBeGreaterThanOrEqual(0);
  expect(funds, `${account} holds and has paid what its tasks say`).toMatchObject({
    ...spentOn(tasks),
    inFlight: tasks.filter((task) => !isEnded(task)).length,
  });
  if (account === 'bob') {
    expect(funds.inFlight, `${account} has no more at once`).toBeLessThanOrEqual(mostInFlight);
  }
}

async function auditKey(
  { ground }: World,
  { keyId, ...limit }: { readonly keyId: string; readonly totalLimit?: number },
  all: readonly Task[],
): Promise<void> {
  const tasks = all.filter((task) => task.keyId === keyId);
  const key = await keyIn(ground.store, keyId);
  expect(key, `${keyId} has spent what its tasks say`).toMatchObject({
    ...spentOn(tasks),
    moves: tasks.length + tasks.filter((task) => isEnded(task)).length,
  });
  const { totalLimit = Number.POSITIVE_INFINITY } = limit;
  expect(key.reserved + key.used, `${keyId} keeps its limit`).toBeLessThanOrEqual(totalLimit);
}

const spentOn = (tasks: readonly Task[]) => ({
  reserved: total(tasks, (task) => (isEnded(task) ? 0 : task.reserved)),
  used: total(tasks, (task) => (isEnded(task) ? task.charged : 0)),
});

type Use = { readonly key: string; readonly at: number; readonly what: string };

// One task or one movement a remembered key: two under the same one are at least its time apart.
function auditIdempotencyKeys(
  { drafts, orders }: World,
  tasks: readonly Task[],
  entries: readonly Entry[],
): void {
  const opened = new Set(tasks.map(({ id }) => id));
  const keys = new Set(orders.flatMap(({ idempotencyKey }) => idempotencyKey ?? []));
  const uses: readonly Use[] = [
    ...drafts
      .filter(({ id, idempotencyKey }) => idempotencyKey !== undefined && opened.has(id))
      .map(({ id, keyId, idempotencyKey, at }) => ({
        ...{ key: `${keyId}#${idempotencyKey}`, at, what: id },
      })),
    ...entries
      .filter(({ note = '' }) => keys.has(note))
      .map(({ note, at, number }) => ({
        ...{ key: `${operator}#${note}`, at, what: `entry ${number}` },
      })),
  ];
  for (const [index, one] of uses.entries()) {
    for (const next of uses.slice(index + 1).filter(({ key }) => key === one.key)) {
      const apart = Math.abs(one.at - next.at);
      const both = `${one.what} and ${next.what} share the key ${one.key}`;
      expect(apart, both).toBeGreaterThanOrEqual(rememberedForMs);
    }
  }
}
