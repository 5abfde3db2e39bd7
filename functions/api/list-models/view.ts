import type * as z from 'zod';
import { models } from '../../domain/model/catalogue.ts';
import { toCredits } from '../../domain/model/money.ts';
import type { ModelList } from './response.ts';

/** The models of the catalogue, as callers see them. */
export const modelsView = (): z.input<typeof ModelList> => ({
  object: 'list',
  data: models.map((model) => ({
    id: model.id,
    object: 'model',
    type: 'image',
    credits_per_image: toCredits(model.milliCreditsPerImage),
    limits: {
      images: model.maxImages,
      n: model.maxN,
      prompt_characters: model.maxPromptCodePoints,
      image_bytes: model.image.maxBytes,
      side_pixels: [model.image.minSide, model.image.maxSide],
    },
  })),
});
