import { expect, test } from 'vitest';
import { defaultModel, type Model } from '../../../../functions/domain/model/catalogue.ts';
import { generationRequest, isValidSize } from '../../../../functions/domain/wire/request.ts';

test.each([
  ['1280x1280', true],
  ['1280*1280', true],
  ['768x768', true],
  ['1344x576', true],
  ['1536x384', true], // 4:1 and 768*768 pixels, both on the edge
  ['384x1536', true],
  ['767x768', false],
  ['1281x1280', false],
  ['1540x384', false],
  ['384x1540', false],
  ['9999x99', false],
  ['0x1280', false],
  ['00x00', false],
  ['1280X1280', false],
  ['1280 x 1280', false],
  ['1280x1280 ', false],
  ['1280', false],
  ['-1280x-1280', false],
  ['1e3x1e3', false],
  ['12800x128', false],
  ['', false],
])('%j fits: %s', (text, fits) => {
  expect(isValidSize(text)).toBe(fits);
});

test('each model has sizes of its own, and a size that none makes breaks the widest rule', () => {
  const second: Model = {
    ...defaultModel,
    id: 'second-model',
    sizeLimits: { minSquare: 256, maxSquare: 2048, maxRatio: 8 },
  };
  const schema = generationRequest([defaultModel, second]);
  const problemOf = (model: string, size: string) =>
    schema.safeParse({ model, size, prompt: 'stars', image_urls: ['https://example.com/a.png'] })
      .error?.issues[0]?.message;

  expect(problemOf('second-model', '2048x2048')).toBeUndefined();
  expect(problemOf('second-model', '2048x256')).toBeUndefined();
  expect(problemOf(defaultModel.id, '2048x2048')).toEqual(
    expect.stringContaining(
      'like 1280x1280: 768x768 to 1280x1280 pixels in all, sides between 1:4',
    ),
  );
  expect(problemOf('second-model', '2049x2048')).toEqual(
    expect.stringContaining(
      'like 2048x2048: 256x256 to 2048x2048 pixels in all, sides between 1:8',
    ),
  );
});
