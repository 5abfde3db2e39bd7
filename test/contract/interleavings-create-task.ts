import { expect } from 'vitest';
import { idempotencyTtlMs } from '../../functions/domain/billing/idempotency.ts';
import { Problem } from '../../functions/domain/model/problem.ts';
import { createTask } from '../../functions/domain/tasks/create-task.ts';
import { GenerationRequest } from '../../functions/domain/wire/request.ts';
import { memoryWorkflow } from '../support/fakes.ts';
import { sampleCaller } from '../support/tasks.ts';
import { type Account, type Context, keysOf, type Operation } from './interleavings-context.ts';

/** After this time an idempotency key has certainly expired: its expiry is stored in whole seconds. */
export const idempotencyKeyExpiredMs = idempotencyTtlMs + 2000;

export const countOfImages = (n: number) => `${n} image${Math.abs(n) === 1 ? '' : 's'}`;

/**
 * A caller creates a task. `duplicateId` is an id that was generated before: such a task must not replace the other
 * one.
 */
export const callerCreatesTask = (
  account: Account,
  key: 'free' | 'limited',
  n: number,
  idempotencyKey?: string,
  duplicateId?: string,
): Operation => ({
  toString: () =>
    [
      `${account} requests ${countOfImages(n)} with the ${key} key`,
      idempotencyKey && `under ${idempotencyKey}`,
      duplicateId && `and gets the id ${duplicateId}`,
    ]
      .filter(Boolean)
      .join(' '),
  attempt: async (context, barrier) => {
    const [free, limited] = keysOf(account);
    const { keyId, totalLimit } = key === 'free' ? { ...free, totalLimit: undefined } : limited;
    const request = { account, keyId, n, idempotencyKey };
    const { tasks, ledger } = context.testStore.portsBehind(barrier);
    const create = createTask({
      tasks,
      ledger,
      now: context.clock.now,
      workflow: memoryWorkflow(),
      newId: (at) => duplicateId ?? addDraft(context, { ...request, at }),
      urlProblem: () => undefined,
      fileIdOf: () => undefined,
      startFailed: () => undefined,
      budgetExceeded: () => undefined,
    });
    const body = { prompt: 'A starry sky', image_urls: ['https://example.com/cat.png'], n };
    const caller = { ...sampleCaller, account, keyId, totalLimit };
    const requestedAt = context.clock.now();
    const firstTask = firstTaskFor(context, request);
    try {
      const { task } = await create(GenerationRequest.parse(body), caller, idempotencyKey);
      const draft = context.drafts.find(({ id }) => id === task.id);
      expect(draft, 'the response is the task that was requested').toMatchObject(request);
      expect(
        requestedAt - task.createdAt,
        'an expired idempotency key leads to no task',
      ).toBeLessThan(idempotencyKeyExpiredMs);
      expect(task.id, 'a repeated request leads to its task').toBe(firstTask() ?? task.id);
      context.responded.add(task.id);
    } catch (error) {
      if (!isExpectedProblem(error) && !(duplicateId && isDuplicateId(error))) throw error;
      expect(firstTask(), 'a repeated request is not refused').toBeUndefined();
    }
  },
});

type RequestOfCaller = Pick<Context['drafts'][number], 'keyId' | 'n' | 'idempotencyKey'>;

/** The task that a caller got for this idempotency key, as long as the key is valid. */
function firstTaskFor({ drafts, responded, clock }: Context, request: RequestOfCaller) {
  const last = drafts.findLast(
    ({ id, keyId, n, idempotencyKey }) =>
      idempotencyKey !== undefined &&
      idempotencyKey === request.idempotencyKey &&
      keyId === request.keyId &&
      n === request.n &&
      responded.has(id),
  );
  return () => (last && clock.now() < last.at + idempotencyTtlMs ? last.id : undefined);
}

function addDraft({ drafts }: Context, draft: Omit<Context['drafts'][number], 'id'>): string {
  const id = `task-${drafts.length + 1}`;
  drafts.push({ id, ...draft });
  return id;
}

const expectedCodes = [
  'insufficient_quota',
  'idempotency_conflict',
  'KEY_QUOTA_EXHAUSTED',
  'rate_limit_exceeded',
];

/** Whether the request was refused for a reason that can occur here. */
export const isExpectedProblem = (error: unknown): boolean =>
  error instanceof Problem && expectedCodes.includes(error.code);

const isDuplicateId = (error: unknown): boolean =>
  error instanceof Error && /exists already/.test(error.message);
