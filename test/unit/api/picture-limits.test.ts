import { expect, test } from 'vitest';
import { describePictures } from '../../../functions/api/create-task/route.ts';
import { defaultModel } from '../../../functions/domain/model/catalogue.ts';

const small = {
  ...defaultModel,
  id: 'small-model',
  image: { maxBytes: 2 * 1024 * 1024, minSide: 64, maxSide: 1024 },
};

test('the document says once which pictures all models take', () => {
  const text = describePictures([defaultModel, { ...defaultModel, id: 'twin' }]);

  expect(text).toMatch(/ without transparency, up to 10 MB, sides of 384 to 5000 pixels$/);
});

test('the document says for each model which pictures it takes, when that differs', () => {
  const text = describePictures([defaultModel, small]);

  expect(text).toContain('with wan2.5-image-to-image up to 10 MB, sides of 384 to 5000 pixels');
  expect(text).toContain('with small-model up to 2 MB, sides of 64 to 1024 pixels');
});
