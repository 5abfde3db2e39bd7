import { describe, expect, test } from 'vitest';
import {
  defaultModel,
  findModel,
  learnedSeconds,
  models,
  paintersOf,
  usualSeconds,
} from '../../../functions/task/models.ts';
import { modelsView } from '../../../functions/task/view.ts';

test('the table is what callers read', () => {
  expect(modelsView()).toEqual({
    object: 'list',
    data: [
      {
        ...{ id: 'wan2.5-image-to-image', object: 'model', type: 'image', credits_per_image: 1.2 },
        limits: {
          ...{ images: 2, n: 4, prompt_characters: 2000 },
          ...{ image_bytes: 10_485_760, side_pixels: [384, 5000] },
        },
      },
    ],
  });
});

test('every model is found by its id and costs whole milli-credits', () => {
  for (const model of models) {
    expect(findModel(model.id)).toBe(model);
    expect(Number.isSafeInteger(model.milliCreditsPerImage)).toBe(true);
  }
  expect(findModel('wan3')).toBeUndefined();
});

test("a stage's word about the usual duration wins over the table's guess", () => {
  expect(usualSeconds(defaultModel.id)).toBe(30);
  expect(usualSeconds(defaultModel.id, '8')).toBe(8);
});

test('a model that has left the table takes as long as the default one', () => {
  expect(usualSeconds('wan1')).toBe(30);
});

test('every model has somebody to paint it, and a guess of how long that takes', () => {
  for (const { providers } of models) {
    const guesses = Object.values(providers);
    expect(guesses.length).toBeGreaterThan(0);
    for (const guess of guesses) expect(guess).toBeGreaterThan(0);
  }
});

describe('who paints a model', () => {
  test("are the stage's providers in the stage's order", () => {
    expect(paintersOf(defaultModel.id, ['fal', 'dashscope'])).toEqual(['fal', 'dashscope']);
    expect(paintersOf(defaultModel.id, [])).toEqual([]);
  });

  test('that has left the table is who paints the default one', () => {
    expect(paintersOf('wan1', ['evolink', 'fal'])).toEqual(['evolink', 'fal']);
  });
});

describe('the guess', () => {
  test.each([
    ['dashscope', 30],
    ['evolink', 30],
    ['fal', 90],
  ] as const)('of what it takes at %s is %i s', (provider, seconds) => {
    expect(usualSeconds(defaultModel.id, undefined, provider)).toBe(seconds);
    expect(usualSeconds(defaultModel.id, '8', provider)).toBe(8);
  });

  const knowing = (seconds: number | undefined) => ({ usual: async () => seconds });

  test('counts until it is known better', async () => {
    expect(await learnedSeconds(knowing(undefined))(defaultModel.id, 'fal')).toBe(90);
    expect(await learnedSeconds(knowing(41.5))(defaultModel.id, 'fal')).toBe(41.5);
    expect(await learnedSeconds(knowing(0))(defaultModel.id, 'fal')).toBe(0);
  });

  test('counts when what is known cannot be read', async () => {
    const usual = () => Promise.reject(new Error('throttled'));

    expect(await learnedSeconds({ usual })(defaultModel.id, 'fal')).toBe(90);
  });

  test("of a stage that has its own word is that word, and nobody's experience is read", async () => {
    const usual = () => Promise.reject(new Error('this is not read'));

    expect(await learnedSeconds({ usual }, '8')(defaultModel.id, 'fal')).toBe(8);
  });
});
