import { expect, test } from 'vitest';
import { CreditRequest } from '../../../../functions/domain/accounts/account-request.ts';
import { creditAccount } from '../../../../functions/domain/accounts/credit-account.ts';
import { newTaskId } from '../../../../functions/domain/model/ids.ts';
import { Problem } from '../../../../functions/domain/model/problem.ts';
import { createTask } from '../../../../functions/domain/tasks/create-task.ts';
import { GenerationRequest } from '../../../../functions/domain/wire/request.ts';
import { memoryStore } from '../../../support/fakes.ts';
import { sampleAct, sampleCaller, sampleTime } from '../../../support/tasks.ts';

const now = () => sampleTime;

const store = memoryStore();
type Busy = { readonly state: 'busy' };

const creating = (reserve: () => Promise<Busy>) =>
  createTask({
    ledger: { reserve, refill: store.ledger.refill },
    tasks: store.tasks,
    workflow: { start: () => Promise.reject(new Error('no workflow may start')) },
    now,
    newId: newTaskId,
    urlProblem: () => undefined,
    fileIdOf: () => undefined,
    startFailed: () => undefined,
    budgetExceeded: () => undefined,
  })(
    GenerationRequest.parse({ prompt: 'A cat', image_urls: ['https://example.com/1'] }),
    sampleCaller,
  );

const crediting = (credit: () => Promise<Busy>) =>
  creditAccount({ ledger: { credit }, accounts: store.accounts, now })(
    CreditRequest.parse({ credits: 1 }),
    { account: 'studio', keyId: 'key-1' },
    sampleAct,
  );

test.each([
  ['creating a task', creating],
  ['crediting an account', crediting],
])('%s while the ledger stays busy is refused with 503 and retry-after', async (_, run) => {
  const thrown: unknown = await run(async () => ({ state: 'busy' })).catch(
    (error: unknown) => error,
  );

  expect(thrown).toBeInstanceOf(Problem);
  expect(thrown).toMatchObject({
    code: 'service_unavailable',
    status: 503,
    message: 'The account is busy; send the request again.',
    headers: { 'retry-after': '1' },
  });
});

test.each([
  ['creating a task', creating],
  ['crediting an account', crediting],
])('an error of the ledger is not explained to the caller: %s', async (_, run) => {
  const broken = new Error('broken');

  await expect(run(() => Promise.reject(broken))).rejects.toBe(broken);
});
