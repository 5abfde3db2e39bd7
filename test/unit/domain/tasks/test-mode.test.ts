import { describe, expect, test } from 'vitest';
import { authenticate } from '../../../../functions/domain/accounts/authenticate.ts';
import { getCredits } from '../../../../functions/domain/billing/get-credits.ts';
import type { Ledger } from '../../../../functions/domain/billing/ledger.ts';
import { providerNames } from '../../../../functions/domain/model/catalogue.ts';
import { newApiKey, patterns } from '../../../../functions/domain/model/ids.ts';
import {
  isTestAccount,
  ownerOf,
  playDayOf,
  testAccountOf,
  testLimits,
} from '../../../../functions/domain/model/mode.ts';
import { toCredits } from '../../../../functions/domain/model/money.ts';
import { SubmitUnknown } from '../../../../functions/domain/model/workflow-errors.ts';
import { providersOf } from '../../../../functions/domain/providers/available-providers.ts';
import { createTask } from '../../../../functions/domain/tasks/create-task.ts';
import { FindQuery, findTasks } from '../../../../functions/domain/tasks/find-tasks.ts';
import { GenerationRequest } from '../../../../functions/domain/wire/request.ts';
import { taskView } from '../../../../functions/domain/wire/view.ts';
import { memoryStore, memoryWorkflow } from '../../../support/fakes.ts';
import { keyFor } from '../../../support/money.ts';
import { memorySlots } from '../../../support/slots.ts';
import { pending, processing, sampleCaller, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';
import { sampleAccount } from '../sample-account.ts';
import { context as submitContext } from './submit-context.ts';

const account = testAccountOf('default');
const play = testLimits.milliCreditsPerDay;

test('no name that an account can have is that of a test side, and the owner of a side is known', () => {
  expect(account).not.toMatch(patterns.account);
  expect([isTestAccount(account), isTestAccount('default')]).toEqual([true, false]);
  expect([ownerOf(account), ownerOf('default')]).toEqual(['default', 'default']);
});

test('whoever calls with a test key is found on the test side of its account', async () => {
  const store = memoryStore();
  store.grant('default', 0);
  store.grant(account, 0);
  const apiKey = newApiKey('test');
  await store.apiKeys.add(keyFor(apiKey, { mode: 'test' }));
  const find = authenticate({
    keys: store.keys,
    now: () => sampleTime,
    touchLastUsed: async () => undefined,
    continueSession: async () => true,
  });

  expect(await find(`Bearer ${apiKey}`, 'generate')).toMatchObject({
    account,
    requestsPerMinute: testLimits.requestsPerMinute,
    userGroup: 'default',
  });
});

describe('the first create of a day', () => {
  const caller = { ...sampleCaller, account };

  function context(refill?: Ledger['refill']) {
    const store = memoryStore();
    store.grant('default', 0); // with the key
    store.grant(account, 0);
    const refills: number[] = [];
    const create = createTask({
      ledger: {
        reserve: store.ledger.reserve,
        refill: async (one) => {
          refills.push(one.at);
          return (refill ?? store.ledger.refill)(one);
        },
      },
      tasks: store.tasks,
      workflow: memoryWorkflow(),
      now: () => sampleTime,
      newId: () => sampleId,
      urlProblem: () => undefined,
      fileIdOf: () => undefined,
      startFailed: () => undefined,
      budgetExceeded: () => undefined,
    });
    const request = (prompt = 'Make it snow') =>
      GenerationRequest.parse({ prompt, image_urls: ['https://example.com/cat.png'] });
    return { store, refills, create, request };
  }

  test('fills the play credits up, and pays for the task with them', async () => {
    const { store, refills, create, request } = context();

    await create(request(), caller);

    expect(refills).toEqual([sampleTime]);
    expect(store.funds(account)).toMatchObject({ granted: play, balance: play - 1200 });
  });

  test('is the only one that does: a later one writes nothing for it, and a live one never', async () => {
    const { refills, create, request } = context();

    const refilledOn = playDayOf(sampleTime);
    await create(request(), { ...caller, refilledOn }).catch(() => undefined);
    await create(request(), sampleCaller).catch(() => undefined);

    expect(refills).toEqual([]);
  });

  test('is sent again when others change the account all the time', async () => {
    const { store, create, request } = context(async () => false);

    expect(await thrownBy(create(request(), caller))).toMatchObject({
      code: 'service_unavailable',
    });
    expect(store.all()).toEqual([]);
  });

  test('is refused for what the sandbox does not do, and refills nothing', async () => {
    const { refills, create, request } = context();

    expect(await thrownBy(create(request('[fail: nonsense]'), caller))).toMatchObject({
      code: 'invalid_request',
      param: 'prompt',
    });
    expect(refills).toEqual([]);
  });
});

describe('the credits of a test key', () => {
  const shown = async (more: object) => {
    const read = getCredits({
      accounts: { find: async () => sampleAccount({ account, balance: 100, ...more }) },
      keys: { find: async () => keyFor('k', { mode: 'test' }), spending: async () => new Map() },
      now: () => sampleTime,
    });
    return (await read({ account, keyId: 'key-1' })).data;
  };

  test.each([
    ['never', undefined, play],
    ['yesterday', '2025-09-05', play],
    ['today', playDayOf(sampleTime), 100],
  ])(
    'are what the next create finds, when they were filled up %s',
    async (_when, refilledOn, left) => {
      expect(await shown({ refilledOn })).toMatchObject({
        token: { remaining_credits: toCredits(left) },
        user: { remaining_credits: toCredits(left) },
      });
    },
  );
});

describe('the provider', () => {
  test('of a test task is the sandbox, whatever the stage offers, and without asking for a key', async () => {
    const availableProviders = () => expect.fail('the keys of live providers were read');
    const { submit, submittedTo } = submitContext(
      pending({ account }),
      { sandbox: ['sandbox-1-1s-1of1'] },
      { availableProviders },
    );

    await submit();

    expect(submittedTo()).toEqual(['sandbox']);
    expect(providersOf(pending({ account }), [...providerNames])).toEqual(['sandbox']);
    expect(providersOf(pending({ account }), [])).toEqual(['sandbox']);
  });

  test('of a live task is never the sandbox', () => {
    expect(providersOf(pending(), [...providerNames])).toEqual(providerNames);
    expect(providersOf(pending(), [])).toEqual([]);
  });

  test('of a test task that did not answer keeps no slot: the sandbox has no such job', async () => {
    const kept: string[] = [];
    const slots = Object.assign(memorySlots(), {
      keep: async () => void kept.push('the one slot'),
    });
    const script = { sandbox: [new SubmitUnknown('no answer')] };
    const { submit, signals } = submitContext(pending({ account }), script, { slots });

    await thrownBy(submit());

    expect([signals, kept]).toEqual([[['unknown', sampleId]], []]);
  });
});

test('a task says its mode, and names the sandbox as soon as the sandbox has it', () => {
  const view = (task: Parameters<typeof taskView>[0]) =>
    taskView(task, { now: sampleTime, typicalSeconds: 1, resultLink: () => '' });

  expect(view(pending())).toMatchObject({ livemode: true });
  expect(view(pending({ account }))).toMatchObject({ livemode: false });
  expect(view(pending({ account }))).not.toHaveProperty('sandbox');
  expect(view(processing({ account, provider: 'sandbox' }))).toMatchObject({
    livemode: false,
    sandbox: true,
  });
});

test('the operator finds live tasks, and those of test mode when he asks for them, under the name of their account', async () => {
  const store = memoryStore();
  const live = pending({ id: 'task-unified-1757156493-aaaaaaaa' });
  const played = pending({ id: 'task-unified-1757156493-bbbbbbbb', account });
  for (const task of [live, played]) store.put(task);
  const find = async (query: object) => {
    const found = findTasks({ history: store.history, now: () => sampleTime + 1000 });
    return (await found(FindQuery.parse(query))).data;
  };

  for (const query of [{}, { account: 'default' }, { mode: 'live' }]) {
    expect((await find(query)).map(({ id }) => id)).toEqual([live.id]);
  }
  for (const query of [{ mode: 'test' }, { mode: 'test', account: 'default' }]) {
    expect(await find(query)).toMatchObject([
      { id: played.id, account: 'default', livemode: false },
    ]);
  }
  expect(FindQuery.safeParse({ account }).success).toBe(false);
});
