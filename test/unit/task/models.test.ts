import { expect, test } from 'vitest';
import { defaultModel, findModel, models, usualSeconds } from '../../../functions/task/models.ts';
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
