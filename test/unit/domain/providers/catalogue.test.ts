import { describe, expect, test } from 'vitest';
import { modelsView, modelViewNamed } from '../../../../functions/api/list-models/view.ts';
import {
  defaultModel,
  findModel,
  modelNames,
  models,
  pricedModels,
  providersFor,
} from '../../../../functions/domain/model/catalogue.ts';
import {
  measuredSecondsOf,
  typicalSecondsOf,
} from '../../../../functions/domain/providers/durations.ts';

test('the response of GET /v1/models is the table, whose first row is the default model', () => {
  const { object, data } = modelsView();

  expect([object, data.map(({ id }) => id)]).toEqual(['list', models.map(({ id }) => id)]);
  expect(data[0]).toEqual({
    id: 'wan2.5-image-to-image',
    object: 'model',
    type: 'image',
    created: Date.UTC(2026, 10, 22) / 1000,
    owned_by: 'alibaba',
    aliases: ['wan2.5-i2i-preview', 'wan2.5-i2i'],
    credits_per_image: 1.2,
    limits: {
      images: 2,
      n: 4,
      prompt_characters: 2000,
      image_bytes: 10_485_760,
      side_pixels: [384, 5000],
    },
  });
});

test('a model is read by any of its names, also by one that the operator has given it', () => {
  const aliases = { ours: 'wan2.5-image-to-image', theirs: 'wan3' };

  for (const name of ['wan2.5-image-to-image', 'wan2.5-i2i-preview', 'ours']) {
    expect(modelViewNamed(name, { aliases })).toMatchObject({
      id: 'wan2.5-image-to-image',
      aliases: ['wan2.5-i2i-preview', 'wan2.5-i2i', 'ours'],
    });
  }
});

test.each(['wan3', 'theirs', 'constructor', ''])('there is no model %j', (name) => {
  expect(() => modelViewNamed(name, { aliases: { theirs: 'wan3' } })).toThrow(
    expect.objectContaining({ code: 'model_not_found', status: 404, param: 'model' }),
  );
});

test('prices of a deployment take the place of those of the catalogue, one by one', () => {
  const id = 'wan2.5-image-to-image';
  const [own] = pricedModels({ [id]: { microUsdPerImage: { fal: 50_000 } }, other: {} });
  const view = modelViewNamed(id, { prices: { [id]: { milliCreditsPerImage: 1500 } } });

  expect(own).toMatchObject({
    milliCreditsPerImage: 1200,
    providers: { fal: { microUsdPerImage: 50_000, typicalSeconds: 90 } },
  });
  expect(own?.providers.dashscope).not.toHaveProperty('microUsdPerImage');
  expect(view.credits_per_image).toBe(1.5);
  expect(pricedModels({})).toEqual(models);
});

test('no two models have a name in common', () => {
  expect(new Set(modelNames()).size).toBe(modelNames().length);
  expect(modelNames()).toContain('wan2.5-i2i-preview');
});

test('every model is found by its id and costs whole milli-credits', () => {
  expect(models).not.toEqual([]);
  for (const model of models) {
    expect(findModel(model.id)).toBe(model);
    expect(Number.isSafeInteger(model.milliCreditsPerImage)).toBe(true);
  }
  expect(findModel('wan3')).toBeUndefined();
});

test('without a provider, the guess is that of the fastest one, and the setting TYPICAL_SECONDS replaces it', () => {
  const providers = {
    fal: { model: 'slow', typicalSeconds: 90 },
    dashscope: { model: 'fast', typicalSeconds: 30 },
  };
  const catalogue = [{ ...defaultModel, providers }];

  expect(typicalSecondsOf(defaultModel.id, undefined, undefined, catalogue)).toBe(30);
  expect(typicalSecondsOf(defaultModel.id, '8')).toBe(8);
});

test('a model that is not in the catalogue any more takes as long as the default one', () => {
  expect(typicalSecondsOf('wan1')).toBe(typicalSecondsOf(defaultModel.id));
});

test('every model has a provider, its name there, and a guess of how long it takes there', () => {
  for (const { providers } of models) {
    const offers = Object.values(providers);
    expect(offers.length).toBeGreaterThan(0);
    for (const { model, typicalSeconds } of offers) {
      expect(model).not.toBe('');
      expect(typicalSeconds).toBeGreaterThan(0);
    }
  }
});

describe('the providers of a model', () => {
  test('are those of the deployment, in its order', () => {
    expect(providersFor(defaultModel.id, ['fal', 'dashscope'])).toEqual(['fal', 'dashscope']);
    expect(providersFor(defaultModel.id, [])).toEqual([]);
  });

  test('that is not in the catalogue any more are those of the default one', () => {
    expect(providersFor('wan1', ['evolink', 'fal'])).toEqual(['evolink', 'fal']);
  });
});

describe('the guess', () => {
  test.each([
    ['dashscope', 30],
    ['evolink', 30],
    ['fal', 90],
  ] as const)('of what it takes at %s is %i s', (provider, seconds) => {
    expect(typicalSecondsOf(defaultModel.id, undefined, provider)).toBe(seconds);
    expect(typicalSecondsOf(defaultModel.id, '8', provider)).toBe(8);
  });

  const knowing = (seconds: number | undefined) => ({ typicalSeconds: async () => seconds });

  test('is used until there is a measurement', async () => {
    expect(await measuredSecondsOf(knowing(undefined))(defaultModel.id, 'fal')).toBe(90);
    expect(await measuredSecondsOf(knowing(41.5))(defaultModel.id, 'fal')).toBe(41.5);
    expect(await measuredSecondsOf(knowing(0))(defaultModel.id, 'fal')).toBe(0);
  });

  test('is used when the measurement cannot be read', async () => {
    const typicalSeconds = () => Promise.reject(new Error('throttled'));

    expect(await measuredSecondsOf({ typicalSeconds })(defaultModel.id, 'fal')).toBe(90);
  });

  test('is the setting TYPICAL_SECONDS where there is one, and no measurement is read', async () => {
    const typicalSeconds = () => Promise.reject(new Error('this is not read'));

    expect(await measuredSecondsOf({ typicalSeconds }, '8')(defaultModel.id, 'fal')).toBe(8);
  });
});
