import { describe, expect, test } from 'vitest';
import { inspect } from '../../../../functions/domain/images/inspect.ts';
import {
  defaultModel,
  type Model,
  providerNames,
} from '../../../../functions/domain/model/catalogue.ts';
import type { GeneratedImage } from '../../../../functions/domain/model/task.ts';
import { offeredProviders } from '../../../../functions/domain/providers/available-providers.ts';
import {
  estimateSeconds,
  measuredSecondsOf,
} from '../../../../functions/domain/providers/durations.ts';
import { createTask } from '../../../../functions/domain/tasks/create-task.ts';
import { pollTask } from '../../../../functions/domain/tasks/poll-task.ts';
import { prepareInputs } from '../../../../functions/domain/tasks/prepare-inputs.ts';
import { settleTask } from '../../../../functions/domain/tasks/settle-task.ts';
import { submitTask } from '../../../../functions/domain/tasks/submit-task.ts';
import { generationRequest } from '../../../../functions/domain/wire/request.ts';
import {
  memoryInputs,
  memoryResults,
  memoryStore,
  memoryWorkflow,
  only,
  scriptedProvider,
} from '../../../support/fakes.ts';
import { jpeg } from '../../../support/pictures.ts';
import { memorySlots } from '../../../support/slots.ts';
import { sampleCaller, sampleId, sampleTime } from '../../../support/tasks.ts';
import { thrownBy } from '../../../support/thrown-by.ts';

// A second row of the catalogue is all that a second model takes. Nothing in it is as in the first row, so a use case
// that read the first row would give another result.
const second: Model = {
  id: 'second-model',
  aliases: ['the-second'],
  createdAtSeconds: 1_700_000_000,
  ownedBy: 'somebody',
  sizeLimits: { minSquare: 256, maxSquare: 2048, maxRatio: 4 },
  sizes: { '1:1': '900x900' },
  milliCreditsPerImage: 700,
  maxImages: 3,
  maxN: 6,
  maxPromptCodePoints: 100,
  image: { maxBytes: 5000, minSide: 100, maxSide: 300 },
  providers: { evolink: { model: 'vendor/second-1.0', typicalSeconds: 7 } },
};
const catalogue = [defaultModel, second];
const granted = 10_000;
const valid = {
  model: second.id,
  prompt: 'a starry sky',
  image_urls: ['https://example.com/cat.jpg'],
};
const generated: readonly GeneratedImage[] = [1, 2, 3, 4].map((n) => ({
  url: `https://provider.example.com/${n}.png`,
}));

/** The use cases of a task's life with both models; its picture has sides of `side` pixels. */
function context(side = 200) {
  const store = memoryStore();
  store.grant(sampleCaller.account, granted);
  const provider = scriptedProvider({
    submit: ['ticket-1'],
    poll: [{ state: 'succeeded', images: generated }],
  });
  const providers = only(provider);
  const inputs = memoryInputs(jpeg(side, side));
  const workflow = memoryWorkflow();
  const unexpected = () => expect.fail('not expected here');
  const unmeasured = { typicalSeconds: async () => undefined };
  const { tasks, ledger } = store;
  const now = () => sampleTime;
  const create = createTask({
    catalogue,
    ledger,
    tasks,
    workflow,
    now,
    newId: () => sampleId,
    urlProblem: () => undefined,
    fileIdOf: () => undefined,
    startFailed: unexpected,
    budgetExceeded: unexpected,
  });
  const submit = submitTask({
    catalogue,
    tasks,
    inputs,
    providers,
    availableProviders: offeredProviders(
      providerNames,
      async () => new Set(providerNames),
      catalogue,
    ),
    webhookUrl: unexpected,
    expectedWait: async () => undefined,
    typicalSeconds: measuredSecondsOf(unmeasured, undefined, catalogue),
    now,
    pause: unexpected,
    slots: memorySlots({ now }),
    onAccepted: () => undefined,
    outcomeUnknown: unexpected,
    onDeferred: unexpected,
    operatorMustAct: unexpected,
    onFallback: unexpected,
    recordRejection: unexpected,
  });
  const poll = pollTask({
    tasks,
    workflow,
    releaseSlot: async () => undefined,
    providers,
    now,
    endTask: async () => undefined,
    notifyCaller: unexpected,
    endingFailed: unexpected,
    providerBusy: unexpected,
    unanswered: unexpected,
    overdue: unexpected,
  });
  return {
    provider,
    create: (more: object) =>
      create(generationRequest(catalogue).parse({ ...valid, ...more }), sampleCaller),
    estimate: estimateSeconds({ durations: unmeasured, providers: providerNames, catalogue }),
    prepare: prepareInputs({
      catalogue,
      tasks,
      inputs,
      inspect,
      now,
      inputRejected: () => undefined,
    }),
    submit,
    poll,
    settle: settleTask({
      tasks,
      ledger,
      results: memoryResults(),
      now,
      retentionDays: 30,
      releaseSlot: async () => undefined,
    }),
    find: () => tasks.find(sampleId),
    funds: () => store.funds(sampleCaller.account),
  };
}

test('a task of a second model costs, and is generated, as the row of that model says', async () => {
  const { provider, create, estimate, prepare, submit, poll, settle, find, funds } = context();

  await create({ n: 5 });
  expect(await find()).toMatchObject({ model: 'second-model', n: 5, reserved: 3500 });
  expect(funds()).toMatchObject({ balance: granted - 3500, reserved: 3500 });
  expect(await estimate({ account: 'default', model: second.id })).toBe(7);

  expect(await prepare(sampleId)).toEqual(['jpeg']);

  await submit(sampleId, ['jpeg']);
  expect(provider.jobs).toMatchObject([{ model: 'vendor/second-1.0', n: 5 }]);
  expect(await find()).toMatchObject({ provider: 'evolink', typicalSeconds: 7 });

  await poll(sampleId, 'token-1');
  await settle(sampleId);

  expect(await find()).toMatchObject({ status: 'completed', charged: 2800 });
  expect(funds()).toMatchObject({ balance: granted - 2800, reserved: 0, used: 2800 });
});

test('a picture is judged by the limits of the second model, and not by those of the first', async () => {
  const { create, prepare, find } = context(400);
  await create({});

  expect(await thrownBy(prepare(sampleId))).toMatchObject({ name: 'TaskFailed' });

  expect(await find()).toMatchObject({
    outcome: {
      state: 'failed',
      failure: {
        code: 'image_dimension_mismatch',
        message: 'image_urls[0] is 400×400 pixels; each side must be 100 to 300.',
      },
    },
  });
});

describe('a request', () => {
  const problemOf = (more: object) => {
    const { error } = generationRequest(catalogue).safeParse({ ...valid, ...more });
    const [issue] = error?.issues ?? [];
    return issue && [issue.path.join('.'), issue.message];
  };
  const pictures = (count: number) => ({
    image_urls: Array.from({ length: count }, () => 'https://example.com/cat.jpg'),
  });
  const uploads = (count: number) => ({
    image_urls: undefined,
    image_uploads: Array.from({ length: count }, () => ({ content_type: 'image/png' })),
  });
  const first = { model: defaultModel.id };

  test.each([
    ['6 images of the second model', { n: 6 }],
    ['3 pictures for the second model', pictures(3)],
    ['3 uploads for the second model', uploads(3)],
    ['a prompt of 100 characters for the second model', { prompt: 'x'.repeat(100) }],
    ['4 images of the first model', { ...first, n: 4 }],
    ['a prompt of 2000 characters for the first model', { ...first, prompt: 'x'.repeat(2000) }],
  ])('for %s is accepted', (_what, more) => {
    expect(problemOf(more)).toBeUndefined();
  });

  const prompt = (max: number) => `prompt is required: a text of 1 to ${max} characters`;
  const n = (max: number) => `n must be a whole number from 1 to ${max}`;

  test.each<[string, object, string, string]>([
    ['7 images of the second model', { n: 7 }, 'n', n(6)],
    ['5 images of the first model', { ...first, n: 5 }, 'n', n(4)],
    [
      'a prompt of 101 characters for the second model',
      { prompt: 'x'.repeat(101) },
      'prompt',
      prompt(100),
    ],
    [
      '3 pictures for the first model',
      { ...first, ...pictures(3) },
      'image_urls',
      'image_urls must be a list of 1 to 2 picture addresses',
    ],
    [
      '3 uploads for the first model',
      { ...first, ...uploads(3) },
      'image_uploads',
      'image_uploads must be a list of 1 to 2 objects like {"content_type": "image/png"}',
    ],
    [
      'no picture for the second model',
      { image_urls: undefined },
      'image_urls',
      expect.stringContaining('1 to 3 picture addresses'),
    ],
    [
      'a third model',
      { model: 'third' },
      'model',
      'model must be one of: wan2.5-image-to-image, second-model',
    ],
  ])('for %s is rejected by the rule of that model', (_what, more, field, message) => {
    expect(problemOf(more)).toEqual([field, message]);
  });
});
