import type * as z from 'zod';
import {
  type Model as CatalogueModel,
  type ModelAliases,
  type ModelPrices,
  modelNamed,
  pricedModels,
} from '../../domain/model/catalogue.ts';
import { toCredits } from '../../domain/model/money.ts';
import { Problem } from '../../domain/model/problem.ts';
import type { Model, ModelList } from './response.ts';

/** What the operator has configured for the models: further names, and other prices. */
type ModelSettings = { readonly aliases?: ModelAliases; readonly prices?: ModelPrices };

/** The models of the catalogue, as callers see them. */
export const modelsView = ({
  aliases = {},
  prices = {},
}: ModelSettings = {}): z.input<typeof ModelList> => ({
  object: 'list',
  data: pricedModels(prices).map((model) => modelView(model, aliases)),
});

/** One model, by any of its names. @throws {Problem} `model_not_found` */
export function modelViewNamed(
  name: string,
  { aliases = {}, prices = {} }: ModelSettings = {},
): z.input<typeof Model> {
  const model = modelNamed(name, pricedModels(prices), aliases);
  if (!model) throw modelNotFound();
  return modelView(model, aliases);
}

export const modelNotFound = (): Problem =>
  new Problem('model_not_found', 'There is no such model: GET /v1/models lists them.', {
    param: 'model',
  });

const modelView = (model: CatalogueModel, aliases: ModelAliases): z.input<typeof Model> => ({
  id: model.id,
  object: 'model',
  type: 'image',
  created: model.createdAtSeconds,
  owned_by: model.ownedBy,
  aliases: [
    ...model.aliases,
    ...Object.keys(aliases).filter((alias) => aliases[alias] === model.id),
  ],
  credits_per_image: toCredits(model.milliCreditsPerImage),
  limits: {
    images: model.maxImages,
    n: model.maxN,
    prompt_characters: model.maxPromptCodePoints,
    image_bytes: model.image.maxBytes,
    side_pixels: [model.image.minSide, model.image.maxSide],
  },
});
