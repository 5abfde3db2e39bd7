import * as z from 'zod';
import { parseJson } from './http.ts';
import type { Canvas } from './images/edit.ts';
import { ProviderError } from './provider-error.ts';

/** A create request, independent of the provider in whose form it came. */
export type ImageRequest = {
  readonly prompt: string;
  readonly images: readonly string[];
  readonly n: number;
  readonly canvas: Canvas | undefined;
  readonly seed: number | undefined;
  readonly isWatermarked: boolean;
  readonly isExtended: boolean;
};

const minPixels = 768 * 768;
const maxPixels = 1280 * 1280;

export const Prompt = z.string().trim().min(1, 'must not be empty');
export const Seed = z.int().min(0).max(2147483647);
export const Link = z
  .string()
  .regex(
    /^(https?:\/\/[^\s/]+\S*|data:image\/[\w.+-]+;base64,.+)$/s,
    'url error, please check url!',
  );

/** A size as text, with this separator between width and height. */
export const sizeWith = (separator: '*' | 'x') =>
  z
    .string()
    .refine((text) => {
      const [width = '', height = '', ...more] = text.split(separator);
      return more.length === 0 && [width, height].every((side) => /^\d{1,5}$/.test(side));
    }, `must look like 1280${separator}1280`)
    .transform((text) => {
      const [width = 0, height = 0] = text.split(separator).map(Number);
      return { width, height };
    })
    .refine(
      ({ width, height }) => width * height >= minPixels && width * height <= maxPixels,
      `total pixels must be between 768${separator}768 and 1280${separator}1280`,
    )
    .refine(
      ({ width, height }) => width <= 4 * height && height <= 4 * width,
      'aspect ratio must be between 1:4 and 4:1',
    );

/** @throws {ProviderError} that names the first invalid field */
export function parseBody<T>(Body: z.ZodType<T>, text: string): T {
  const { success, data, error } = Body.safeParse(parseJson(text));
  if (success) return data;
  const [issue] = error.issues;
  throw new ProviderError(
    'InvalidParameter',
    `${issue?.path.join('.') || 'body'}: ${issue?.message}`,
  );
}

/** @throws {ProviderError} for a model that the provider does not have */
export function checkModel(given: string, known: readonly string[]): void {
  if (!known.includes(given))
    throw new ProviderError('ModelNotFound', `Model ${given} can not be found.`);
}
