import * as fc from 'fast-check';
import { expect } from 'vitest';
import { createTask } from '../../functions/task/create-task.ts';
import { Problem } from '../../functions/task/problem.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { GenerationRequest } from '../../functions/task/request.ts';
import { settleTask } from '../../functions/task/settle-task.ts';
import { isEnded, type Outcome } from '../../functions/task/task.ts';
import { memoryResults, memoryWorkflow } from '../support/fakes.ts';
import { sampleCaller } from '../support/tasks.ts';
import type { Door } from './interleavings-turns.ts';
import { type Account, accounts, price, type World } from './interleavings-world.ts';

/** Something a process does; dead in the middle of it, it is done again from its beginning. */
export type Deed = {
  attempt(world: World, door: Door): Promise<void>;
  toString(): string;
};

/** By then a key is over for certain: its time is kept in whole seconds. */
const keyIsOverMs = rememberedForMs + 2000;

const images = (n: number) => `${n} image${n === 1 ? '' : 's'}`;

/** `drawn` is an id that chance gave out before: such a task must not take the other's place. */
const asks = (account: Account, n: number, key?: string, drawn?: string): Deed => ({
  toString: () =>
    [`${account} asks for ${images(n)}`, key && `under ${key}`, drawn && `and draws ${drawn}`]
      .filter(Boolean)
      .join(' '),
  attempt: async ({ ground, clock, drafts, answered }, door) => {
    const { tasks, ledger } = ground.enter(door);
    const newId = (at: number) => {
      if (drawn) return drawn;
      const id = `task-${drafts.length + 1}`;
      drafts.push({ id, account, n, key, at });
      return id;
    };
    const create = createTask({
      ...{ tasks, ledger, newId, now: clock.now, workflow: memoryWorkflow() },
      ...{ refusal: () => undefined, fileIdOf: () => undefined, startFailed: () => undefined },
    });
    const request = { prompt: 'A starry sky', image_urls: ['https://example.com/cat.png'], n };
    const caller = { ...sampleCaller, account, keyId: `key-${account}` };
    try {
      const asked = clock.now();
      const { task } = await create(GenerationRequest.parse(request), caller, key);
      const mine = drafts.find(({ id }) => id === task.id);
      expect(mine, 'the answer is the task that was asked for').toMatchObject({ account, n, key });
      expect(asked - task.createdAt, 'a key that is over leads nowhere').toBeLessThan(keyIsOverMs);
      answered.add(task.id);
    } catch (error) {
      if (!isRefusal(error) && !(drawn && isTakenId(error))) throw error;
    }
  },
});

const isRefusal = (error: unknown): boolean =>
  error instanceof Problem && ['insufficient_quota', 'idempotency_conflict'].includes(error.code);

const isTakenId = (error: unknown): boolean =>
  error instanceof Error && /could not be opened|is there already/.test(error.message);

const grants = (account: Account, n: number): Deed => ({
  toString: () => `${account} is granted ${images(n)}`,
  attempt: async ({ ground, clock, granted }, door) => {
    const { keyStore } = ground.enter(door);
    await keyStore.ensureAccount({ account, webhookSecret: 'whsec_next', at: clock.now() });
    const one = { account, amount: n * price, answered: false };
    granted.push(one);
    await keyStore.grant(account, one.amount, clock.now());
    one.answered = true;
  },
});

const isTaken = (id: string): Deed => ({
  toString: () => `the provider takes ${id}`,
  attempt: async ({ ground, clock }, door) => {
    await ground.enter(door).tasks.submitted(id, 'ticket', clock.now());
  },
});

const isPainted = (id: string, made: number | undefined): Deed => ({
  toString: () => (made === undefined ? `${id} fails` : `${images(made)} of ${id} are painted`),
  attempt: async ({ ground }, door) => {
    await ground.enter(door).tasks.outcome(id, outcomeOf(made));
  },
});

function outcomeOf(made: number | undefined): Outcome {
  const failure = { code: 'content_policy_violation', message: 'It was refused.' } as const;
  if (made === undefined) return { state: 'failed', failure };
  const urls = Array.from({ length: made }, (_, n) => ({ url: `https://example.com/${n}.png` }));
  return { state: 'succeeded', images: [...urls, failure] };
}

const isSettled = (id: string): Deed => ({
  toString: () => `${id} is settled`,
  attempt: async ({ ground, clock, ended }, door) => {
    if (!(await ground.store.tasks.find(id))) return;
    const { tasks, ledger } = ground.enter(door);
    await settleTask({ tasks, ledger, results: memoryResults(), now: clock.now })(id);

    const task = await ground.store.tasks.find(id);
    if (!task || !isEnded(task)) throw new Error(`${id} was settled and has not ended`);
    if (!ended.has(id)) ended.set(id, task);
  },
});

const passes = (ms: number): Deed => ({
  toString: () => `${ms} ms pass`,
  attempt: ({ clock }, door) => door('the clock', async () => clock.advance(ms)),
});

/** What every history begins with: there is something to settle from the first moment on. */
export const opening: readonly Deed[] = [asks('ada', 3, 'the-first-order-1'), asks('bob', 2)];

const account = fc.constantFrom(...accounts);
// The same few tasks and keys, so that they meet.
const id = fc.constantFrom(1, 1, 2, 2, 3, 4, 5).map((n) => `task-${n}`);
const key = fc.constantFrom(undefined, 'the-first-order-1', 'the-other-order-2');
const n = fc.integer({ min: 1, max: 4 });
const drawn = fc.constantFrom(undefined, undefined, undefined, 'task-1');
const made = fc.constantFrom(undefined, 0, 1, 2, 3, 4, 5);

const weighted = (weight: number, arbitrary: fc.Arbitrary<Deed>) => ({ weight, arbitrary });

export const deed: fc.Arbitrary<Deed> = fc.oneof(
  weighted(
    6,
    fc.tuple(account, n, key, drawn).map((of) => asks(...of)),
  ),
  weighted(6, id.map(isSettled)),
  weighted(
    4,
    fc.tuple(id, made).map((of) => isPainted(...of)),
  ),
  weighted(2, id.map(isTaken)),
  weighted(
    2,
    fc.tuple(account, n).map((of) => grants(...of)),
  ),
  weighted(2, fc.constantFrom(1, 1000, keyIsOverMs).map(passes)),
);
