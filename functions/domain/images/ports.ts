import type { ImageLimits } from '../model/catalogue.ts';
import type { ImageFormat } from '../model/image-format.ts';
import type { Failure } from '../model/task.ts';
import type { ImageFile } from './image-file.ts';

/** The format of a picture that may be used, or what is wrong with it: a message that completes "image_urls[0] …". */
type Inspection = { readonly format: ImageFormat } | { readonly failure: Failure };

/** Inspects an input picture, which must be whole, against the limits of a model. */
export type Inspect = (
  file: ImageFile,
  limits: ImageLimits,
  declaredType?: string | undefined,
) => Inspection;
