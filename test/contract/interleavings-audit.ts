import { expect } from 'vitest';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { isEnded, type Task } from '../../functions/task/task.ts';
import { type Account, accounts, type Movement, price, type World } from './interleavings-world.ts';

const total = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0);

/** Whatever happened: the money is all there, once, and where the tasks say it is. */
export async function audit(world: World): Promise<void> {
  const found = await Promise.all(world.drafts.map(({ id }) => world.ground.store.tasks.find(id)));
  const tasks = found.filter((task) => task !== undefined);
  const entries = await world.ground.entries();

  auditTasks(world, tasks);
  auditKeys(world, tasks);
  for (const account of accounts) {
    const own = tasks.filter((task) => task.account === account);
    await auditAccount(world, account, own);
    if (entries) {
      await auditEntries(
        ...[world, account, own, entries.filter((entry) => entry.account === account)],
      );
    }
  }
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

// One task a remembered key: two under the same one are at least its time apart.
function auditKeys({ drafts }: World, tasks: readonly Task[]): void {
  const opened = new Set(tasks.map(({ id }) => id));
  const keyed = drafts.filter(({ id, key }) => key !== undefined && opened.has(id));
  for (const one of keyed) {
    for (const next of keyed.filter(
      ({ account, key }) => account === one.account && key === one.key,
    )) {
      if (one.id === next.id) continue;
      expect(
        Math.abs(one.at - next.at),
        `${one.id} and ${next.id} share the key ${one.key}`,
      ).toBeGreaterThanOrEqual(rememberedForMs);
    }
  }
}

async function auditAccount(
  { ground, granted }: World,
  account: Account,
  tasks: readonly Task[],
): Promise<void> {
  const funds = await ground.store.funds(account);
  const ended = tasks.filter((task) => isEnded(task));
  const unfinished = tasks.filter((task) => !isEnded(task));
  const grants = granted.filter((grant) => grant.account === account);
  const answered = grants.filter((grant) => grant.answered);

  expect(funds.balance + funds.reserved + funds.used, `${account} has what was granted`).toBe(
    funds.granted,
  );
  expect(funds.balance, `${account} never owes`).toBeGreaterThanOrEqual(0);
  expect(funds, `${account} holds and has paid what its tasks say`).toMatchObject({
    reserved: total(unfinished, ({ reserved }) => reserved),
    used: total(ended, ({ charged }) => charged),
  });
  const least = total(answered, ({ amount }) => amount);
  expect(funds.granted, `${account} keeps every grant`).toBeGreaterThanOrEqual(least);
  const most = total(grants, ({ amount }) => amount);
  expect(funds.granted, `${account} has no more than its grants`).toBeLessThanOrEqual(most);
}

async function auditEntries(
  { ground }: World,
  account: Account,
  tasks: readonly Task[],
  entries: readonly Movement[],
): Promise<void> {
  const { granted, balance } = await ground.store.funds(account);
  const of = (kind: Movement['kind']) => entries.filter((entry) => entry.kind === kind);
  const reserves = of('reserve');
  const settles = of('settle');
  const inOrder = (all: readonly Omit<Movement, 'account'>[]) =>
    all
      .map(({ kind, taskId, amount, returned }) => `${taskId} ${kind} ${amount} ${returned}`)
      .sort();

  expect(
    total(of('grant'), ({ amount }) => amount),
    `${account}'s grants are entered`,
  ).toBe(granted);
  expect(inOrder([...reserves, ...settles]), `${account}'s tasks are entered once each`).toEqual(
    inOrder(tasks.flatMap(movementsOf)),
  );
  expect(
    granted -
      total(reserves, ({ amount }) => amount) +
      total(settles, ({ returned = 0 }) => returned),
    `${account}'s entries add up to its balance`,
  ).toBe(balance);
}

function movementsOf(task: Task): readonly Omit<Movement, 'account'>[] {
  const { id: taskId, reserved } = task;
  const reserve = { kind: 'reserve', taskId, amount: reserved } as const;
  if (!isEnded(task)) return [reserve];
  const { charged } = task;
  return [reserve, { kind: 'settle', taskId, amount: charged, returned: reserved - charged }];
}
