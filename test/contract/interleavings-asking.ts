import { expect } from 'vitest';
import { createTask } from '../../functions/task/create-task.ts';
import { Problem } from '../../functions/task/problem.ts';
import { rememberedForMs } from '../../functions/task/remember.ts';
import { GenerationRequest } from '../../functions/task/request.ts';
import { memoryWorkflow } from '../support/fakes.ts';
import { sampleCaller } from '../support/tasks.ts';
import type { Deed } from './interleavings-deeds.ts';
import { type Account, keysOf, type World } from './interleavings-world.ts';

/** By then an idempotency key is over for certain: its time is kept in whole seconds. */
export const keyIsOverMs = rememberedForMs + 2000;

export const images = (n: number) => `${n} image${Math.abs(n) === 1 ? '' : 's'}`;

/**
 * A caller asks for a task. `drawn` is an id that chance gave out before: such a task must not take
 * the other's place.
 */
export const asks = (
  account: Account,
  key: 'free' | 'limited',
  n: number,
  idempotencyKey?: string,
  drawn?: string,
): Deed => ({
  toString: () =>
    [
      `${account} asks with the ${key} key for ${images(n)}`,
      idempotencyKey && `under ${idempotencyKey}`,
      drawn && `and draws ${drawn}`,
    ]
      .filter(Boolean)
      .join(' '),
  attempt: async (world, door) => {
    const [{ keyId }, limited] = keysOf(account);
    const mine = { account, keyId: key === 'free' ? keyId : limited.keyId, n, idempotencyKey };
    const { tasks, ledger } = world.ground.enter(door);
    const create = createTask({
      ...{ tasks, ledger, now: world.clock.now, workflow: memoryWorkflow() },
      newId: (at) => drawn ?? drafted(world, { ...mine, at }),
      ...{ refusal: () => undefined, fileIdOf: () => undefined, startFailed: () => undefined },
    });
    const request = { prompt: 'A starry sky', image_urls: ['https://example.com/cat.png'], n };
    const caller = { ...sampleCaller, account, keyId: mine.keyId };
    const asked = world.clock.now();
    const before = answeredBefore(world, mine);
    try {
      const { task } = await create(GenerationRequest.parse(request), caller, idempotencyKey);
      const draft = world.drafts.find(({ id }) => id === task.id);
      expect(draft, 'the answer is the task that was asked for').toMatchObject(mine);
      expect(asked - task.createdAt, 'a key that is over leads nowhere').toBeLessThan(keyIsOverMs);
      expect(task.id, 'a repeated request leads to its task').toBe(before() ?? task.id);
      world.answered.add(task.id);
    } catch (error) {
      if (!isRefusal(error) && !(drawn && isTakenId(error))) throw error;
      expect(before(), 'a repeated request is not refused').toBeUndefined();
    }
  },
});

type Mine = Pick<World['drafts'][number], 'keyId' | 'n' | 'idempotencyKey'>;

/** The task that somebody was told of under this idempotency key, as long as it counts. */
function answeredBefore({ drafts, answered, clock }: World, mine: Mine) {
  const last = drafts.findLast(
    ({ id, keyId, n, idempotencyKey }) =>
      idempotencyKey !== undefined &&
      idempotencyKey === mine.idempotencyKey &&
      keyId === mine.keyId &&
      n === mine.n &&
      answered.has(id),
  );
  return () => (last && clock.now() < last.at + rememberedForMs ? last.id : undefined);
}

function drafted({ drafts }: World, draft: Omit<World['drafts'][number], 'id'>): string {
  const id = `task-${drafts.length + 1}`;
  drafts.push({ id, ...draft });
  return id;
}

const refusals = [
  'insufficient_quota',
  'idempotency_conflict',
  'KEY_QUOTA_EXHAUSTED',
  'rate_limit_exceeded',
];

/** Whether the caller was told no, for a reason that there may be here. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Problem && refusals.includes(error.code);

const isTakenId = (error: unknown): boolean =>
  error instanceof Error && /could not be opened|is there already/.test(error.message);
