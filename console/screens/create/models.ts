import type { components } from '../../api/schema.d.ts';
import type { Limits } from '../../pictures/inspect.ts';

type Model = components['schemas']['Model'];

/** The model of this name. Without a name, or with one that is gone, the first: the API takes it when a request names none. */
export const modelNamed = (models: readonly Model[], name = ''): Model | undefined =>
  models.find(({ id, aliases }) => id === name || aliases.includes(name)) ?? models[0];

/** What a request says about its model: nothing when it is the first. */
export const nameToSend = (models: readonly Model[], { id }: Model): string =>
  id === models[0]?.id ? '' : id;

/** What a picture for this model must be. */
export const limitsOf = ({ limits }: Model): Limits => ({
  maxBytes: limits.image_bytes,
  minSide: limits.side_pixels[0] ?? 1,
  maxSide: limits.side_pixels[1] ?? Number.MAX_SAFE_INTEGER,
});
