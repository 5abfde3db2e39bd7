import * as z from 'zod';
import { parseJson } from './call.ts';
import { Refusal } from './codes.ts';
import type { Canvas } from './paint/edit.ts';

/** What a create request asks for, whoever's words it came in. */
export type Order = {
  readonly prompt: string;
  readonly images: readonly string[];
  readonly n: number;
  readonly canvas: Canvas | undefined;
  readonly seed: number | undefined;
  readonly isWatermarked: boolean;
  readonly isExtended: boolean;
};

const fewestPixels = 768 * 768;
const mostPixels = 1280 * 1280;

export const Prompt = z.string().trim().min(1, 'must not be empty');
export const Seed = z.int().min(0).max(2147483647);
export const Link = z
  .string()
  .regex(
    /^(https?:\/\/[^\s/]+\S*|data:image\/[\w.+-]+;base64,.+)$/s,
    'url error, please check url!',
  );

/** A size in one text, its sides apart by this sign. */
export const sizeWith = (sign: '*' | 'x') =>
  z
    .string()
    .refine((text) => {
      const [width = '', height = '', ...more] = text.split(sign);
      return more.length === 0 && [width, height].every((side) => /^\d{1,5}$/.test(side));
    }, `must look like 1280${sign}1280`)
    .transform((text) => {
      const [width = 0, height = 0] = text.split(sign).map(Number);
      return { width, height };
    })
    .refine(
      ({ width, height }) => width * height >= fewestPixels && width * height <= mostPixels,
      `total pixels must be between 768${sign}768 and 1280${sign}1280`,
    )
    .refine(
      ({ width, height }) => width <= 4 * height && height <= 4 * width,
      'aspect ratio must be between 1:4 and 4:1',
    );

/** @throws {Refusal} naming the first field that is to blame */
export function readBody<T>(Body: z.ZodType<T>, text: string): T {
  const { success, data, error } = Body.safeParse(parseJson(text));
  if (success) return data;
  const [issue] = error.issues;
  throw new Refusal('InvalidParameter', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
}

/** The one model there is. @throws {Refusal} for another */
export function checkModel(asked: string, ours: string): void {
  if (asked !== ours) throw new Refusal('ModelNotFound', `Model ${asked} can not be found.`);
}
