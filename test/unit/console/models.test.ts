import { describe, expect, test } from 'vitest';
import type { components } from '../../../console/api/schema.d.ts';
import { emptyDraft, fieldsOf, requestOf } from '../../../console/screens/create/fields.ts';
import { limitsOf, modelNamed, nameToSend } from '../../../console/screens/create/models.ts';
import { nextPlace, placesOf } from '../../../console/screens/create/places.ts';
import { maxSeed } from '../../../console/screens/create/seed.ts';
import { testKeyPrefix } from '../../../console/session/test-key.ts';
import { modelsView } from '../../../functions/api/list-models/view.ts';
import { defaultModel } from '../../../functions/domain/model/catalogue.ts';
import { testKeyPrefix as testKeyPrefixOfApi } from '../../../functions/domain/model/ids.ts';
import { maxSeed as maxSeedOfApi } from '../../../functions/domain/model/task.ts';

type Model = components['schemas']['Model'];

const [first] = modelsView().data as readonly Model[];
if (!first) throw new Error('there is no model');
const second: Model = {
  ...first,
  id: 'second-model',
  aliases: ['second'],
  limits: { ...first.limits, images: 3, n: 6, image_bytes: 20_000_000, side_pixels: [64, 8000] },
};
const models = [first, second];

describe('the model of the form', () => {
  test('is the default model of the API when none is named, or the name is gone', () => {
    expect(first.id).toBe(defaultModel.id);
    expect([modelNamed(models), modelNamed(models, ''), modelNamed(models, 'gone')]).toEqual([
      first,
      first,
      first,
    ]);
  });

  test.each(['second-model', 'second'])('is the one that is called %s', (name) => {
    expect(modelNamed(models, name)).toBe(second);
  });

  test('has the limits that the API says, which are those of the catalogue for the first', () => {
    expect(limitsOf(first)).toEqual(defaultModel.image);
    expect(limitsOf(second)).toEqual({ maxBytes: 20_000_000, minSide: 64, maxSide: 8000 });
  });

  test('is in the request unless it is the one that the API takes without', () => {
    const sent = (model: Model) => requestOf({ ...emptyDraft, model: nameToSend(models, model) });

    expect(sent(first)).not.toHaveProperty('model');
    expect(sent(second)).toHaveProperty('model', 'second-model');
  });

  test('is that of the task whose request is corrected', () => {
    const request = { prompt: 'stars', n: 6, inputs: [] };
    const model = modelNamed(models, 'second-model') ?? first;
    const draft = fieldsOf({ request }, nameToSend(models, model));

    expect(requestOf(draft)).toEqual({ model: 'second-model', prompt: 'stars', n: 6 });
  });
});

describe('the places for pictures', () => {
  const filled = { picture: 'a picture' };

  test('are as many as the model takes pictures', () => {
    expect(placesOf([], first.limits.images)).toEqual([{}, {}]);
    expect(placesOf([filled], second.limits.images)).toEqual([filled, {}, {}]);
    expect(placesOf([filled, filled, filled], first.limits.images)).toEqual([filled, filled]);
  });

  test('get the next picture in the first one that is empty, or else in the last', () => {
    expect(nextPlace([{}, {}, {}])).toBe(0);
    expect(nextPlace([filled, {}, filled])).toBe(1);
    expect(nextPlace([filled, filled, {}])).toBe(2);
    expect(nextPlace([filled, filled, filled])).toBe(2);
  });
});

test('a seed may be as high as the API allows', () => {
  expect(maxSeed).toBe(maxSeedOfApi);
});

test('a test key begins as the API says', () => {
  expect(testKeyPrefix).toBe(testKeyPrefixOfApi);
});
