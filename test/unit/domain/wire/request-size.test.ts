import { expect, test } from 'vitest';
import { isValidSize } from '../../../../functions/domain/wire/request.ts';

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
