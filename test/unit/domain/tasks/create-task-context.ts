import { expect } from 'vitest';
import { urlProblem } from '../../../../functions/adapters/outbound/check-url.ts';
import type { KeyChange } from '../../../../functions/domain/model/api-key.ts';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import { Problem, type ProblemCode } from '../../../../functions/domain/model/problem.ts';
import { createTask } from '../../../../functions/domain/tasks/create-task.ts';
import { fileIdOf } from '../../../../functions/domain/tasks/input-files.ts';
import { GenerationRequest } from '../../../../functions/domain/wire/request.ts';
import { memoryStore, memoryWorkflow, settableClock } from '../../../support/fakes.ts';
import { sampleCaller, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

export const baseUrl = 'https://api.example.com';
export const url = 'https://example.com/cat.png';
export const key = 'order-7-of-2026-11-22';
export const valid = { prompt: 'a starry sky', image_urls: [url] };
const granted = 10_000;

/** An account with credits, and the use case with its dependencies in memory; `broken`: no workflow starts. */
export function context({ broken = false } = {}) {
  const store = memoryStore();
  store.grant(sampleCaller.account, granted);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow(() => (broken ? new Error('throttled') : undefined));
  const failedStarts: unknown[] = [];
  const beyondBudget: string[] = [];
  const create = createTask({
    ledger: store.ledger,
    tasks: store.tasks,
    workflow,
    now: clock.now,
    newId: newTaskId,
    urlProblem: (address, maxLength) => urlProblem(address, { maxLength }),
    fileIdOf: fileIdOf(baseUrl),
    startFailed: (taskId, cause) => failedStarts.push([taskId, cause]),
    budgetExceeded: (account) => beyondBudget.push(account),
  });
  return {
    beyondBudget,
    store,
    clock,
    workflow,
    failedStarts,
    create: (body: unknown, idempotencyKey?: string, caller = sampleCaller) =>
      create(GenerationRequest.parse(body), caller, idempotencyKey),
    funds: () => store.funds(sampleCaller.account),
    limitKey: (limits: KeyChange) => store.apiKeys.change(sampleCaller.keyId, limits),
  };
}

type Context = ReturnType<typeof context>;

const untouched = { granted, balance: granted, reserved: 0, used: 0, inFlight: 0 };
export const reserved = (price: number, tasks: number) => ({
  granted,
  balance: granted - price,
  reserved: price,
  used: 0,
  inFlight: tasks,
});

export async function expectProblem(
  promise: Promise<unknown>,
  code: ProblemCode,
  message: string,
  param?: string,
) {
  const thrown = await thrownBy(promise);
  expect(thrown).toBeInstanceOf(Problem);
  expect(thrown).toMatchObject({ code, message, param });
}

export function expectNothingWritten({ store, workflow, funds }: Context) {
  expect(funds()).toEqual(untouched);
  expect(store.all()).toEqual([]);
  expect(workflow.started()).toEqual([]);
}
