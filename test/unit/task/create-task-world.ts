import { expect } from 'vitest';
import { refusal } from '../../../functions/network/check-url.ts';
import type { KeyChange } from '../../../functions/task/api-key.ts';
import { createTask } from '../../../functions/task/create-task.ts';
import { fileIdOf } from '../../../functions/task/file-url.ts';
import { newTaskId } from '../../../functions/task/ids.ts';
import { Problem, type ProblemCode } from '../../../functions/task/problem.ts';
import { GenerationRequest } from '../../../functions/task/request.ts';
import { memoryStore, memoryWorkflow, settableClock } from '../../support/fakes.ts';
import { sampleCaller, sampleTime } from '../../support/tasks.ts';
import { thrownBy } from '../provider/upstream.ts';

export const baseUrl = 'https://api.example.com';
export const url = 'https://example.com/cat.png';
export const key = 'order-7-of-2026-11-22';
export const valid = { prompt: 'a starry sky', image_urls: [url] };
const granted = 10_000;

/** An account with credits, and the use case with all it needs in memory; `broken`: no workflow starts. */
export function world({ broken = false } = {}) {
  const store = memoryStore();
  store.grant(sampleCaller.account, granted);
  const clock = settableClock(sampleTime);
  const workflow = memoryWorkflow(() => (broken ? new Error('throttled') : undefined));
  const failedStarts: unknown[] = [];
  const create = createTask({
    ...{ ledger: store.ledger, tasks: store.tasks, workflow, now: clock.now, newId: newTaskId },
    refusal: (address) => refusal(address),
    fileIdOf: fileIdOf(baseUrl),
    startFailed: (taskId, cause) => failedStarts.push([taskId, cause]),
  });
  return {
    ...{ store, clock, workflow, failedStarts },
    create: (body: unknown, idempotencyKey?: string, caller = sampleCaller) =>
      create(GenerationRequest.parse(body), caller, idempotencyKey),
    funds: () => store.funds(sampleCaller.account),
    limitKey: (limits: KeyChange) => store.apiKeys.change(sampleCaller.keyId, limits),
  };
}

type World = ReturnType<typeof world>;

const untouched = { granted, balance: granted, reserved: 0, used: 0, inFlight: 0, entries: 1 };
export const reserved = (price: number, tasks: number) => ({
  ...{ granted, balance: granted - price, reserved: price, used: 0 },
  ...{ inFlight: tasks, entries: 1 + tasks },
});

export async function refused(
  deed: Promise<unknown>,
  code: ProblemCode,
  message: string,
  param?: string,
) {
  const thrown = await thrownBy(deed);
  expect(thrown).toBeInstanceOf(Problem);
  expect(thrown).toMatchObject({ code, message, param });
}

export function nothingHappened({ store, workflow, funds }: World) {
  expect(funds()).toEqual(untouched);
  expect(store.all()).toEqual([]);
  expect(workflow.started()).toEqual([]);
}
