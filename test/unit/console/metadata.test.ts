import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { metadataOf, textOfMetadata } from '../../../console/screens/create/metadata.ts';
import { lengthOf, maxNegativePrompt } from '../../../console/screens/create/text-length.ts';
import {
  maxNegativePromptCodePoints,
  metadataLimits,
} from '../../../functions/domain/wire/request.ts';

test('simple metadata is written as lines, and lines are read', () => {
  const text = textOfMetadata({ order: '4711', page: 'https://example.com/a' });

  expect(text).toBe('order: 4711\npage: https://example.com/a');
  expect(metadataOf(`\n ${text} \r\nempty:\n`)).toEqual({
    order: '4711',
    page: 'https://example.com/a',
    empty: '',
  });
});

test.each([
  [{ 'a:b': 'c' }],
  [{ n: 'x\ny' }],
  [{ n: 'x\ry' }],
  [{ ' n ': ' x ' }],
  [{ '{"a"': '"b"}' }],
  [{ '{': '' }],
])('metadata that lines cannot say is written as JSON: %j', (metadata) => {
  const text = textOfMetadata(metadata);

  expect(JSON.parse(text)).toEqual(metadata);
  expect(metadataOf(text)).toEqual(metadata);
});

test.each(['{"a": 1}', '{"a": null}', '{"a": "b",}', '{', '{a: b}'])(
  'what begins as JSON and is no object of texts is not understood: %s',
  (text) => {
    expect(metadataOf(text)).toBeUndefined();
  },
);

/** Texts with what lines are made of, and any others. */
const text = (max: number, minLength = 0) =>
  fc.oneof(
    fc.string({ unit: 'binary', minLength, maxLength: max }),
    fc.string({
      unit: fc.constantFrom(':', ' ', '\n', '\r', '{', '}', '"', ',', '\\', '\u2028', 'a', '😀'),
      minLength,
      maxLength: max,
    }),
    fc.constantFrom('__proto__', 'constructor', '1', 'a'),
  );
const { texts, key, value } = metadataLimits;

test('any metadata that the API takes is read back as it was, also by a field that has one kind of line end', async () => {
  await fc.assert(
    fc.property(fc.dictionary(text(key, 1), text(value), { maxKeys: texts }), (metadata) => {
      const written = textOfMetadata(metadata);

      expect(JSON.stringify(metadataOf(written))).toBe(JSON.stringify(metadata));
      expect(written.replace(/\r\n?/g, '\n')).toBe(written);
    }),
    { numRuns: 2000 },
  );
});

test('a negative prompt is measured as the API measures it', () => {
  expect(maxNegativePrompt).toBe(maxNegativePromptCodePoints);
  expect(lengthOf('😀'.repeat(500))).toBe(500);
});
