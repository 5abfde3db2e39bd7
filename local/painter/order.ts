import * as z from 'zod';
import { parseJson } from './call.ts';
import { Refusal } from './codes.ts';
import type { Canvas } from './paint/edit.ts';

/** What a create request asks for, with the vendor's defaults. */
export type Order = {
  readonly prompt: string;
  readonly images: readonly string[];
  readonly n: number;
  readonly canvas: Canvas | undefined;
  readonly seed: number | undefined;
  readonly isWatermarked: boolean;
  readonly isExtended: boolean;
};

const model = 'wan2.5-i2i-preview';
const fewestPixels = 768 * 768;
const mostPixels = 1280 * 1280;

const Size = z
  .string()
  .regex(/^\d{1,5}\*\d{1,5}$/, 'must look like 1280*1280')
  .transform((text) => {
    const [width = 0, height = 0] = text.split('*').map(Number);
    return { width, height };
  })
  .refine(
    ({ width, height }) => width * height >= fewestPixels && width * height <= mostPixels,
    'total pixels must be between 768*768 and 1280*1280',
  )
  .refine(
    ({ width, height }) => width <= 4 * height && height <= 4 * width,
    'aspect ratio must be between 1:4 and 4:1',
  );

const Link = z
  .string()
  .regex(
    /^(https?:\/\/[^\s/]+\S*|data:image\/[\w.+-]+;base64,.+)$/s,
    'url error, please check url!',
  );

const Body = z.object({
  model: z.string().min(1),
  input: z.object({
    prompt: z.string().trim().min(1, 'must not be empty'),
    images: z.array(Link).min(1, 'needs 1 to 3 images').max(3, 'needs 1 to 3 images'),
    negative_prompt: z.string().optional(),
  }),
  parameters: z
    .object({
      size: Size.optional(),
      n: z.int().min(1).max(4).default(4),
      watermark: z.boolean().default(false),
      prompt_extend: z.boolean().default(true),
      seed: z.int().min(0).max(2147483647).optional(),
    })
    .prefault({}),
});

/** @throws {Refusal} in the vendor's words, naming the first field that is to blame */
export function readOrder(text: string): Order {
  const { success, data, error } = Body.safeParse(parseJson(text));
  if (!success) {
    const [issue] = error.issues;
    throw new Refusal('InvalidParameter', `${issue?.path.join('.') || 'body'}: ${issue?.message}`);
  }
  if (data.model !== model)
    throw new Refusal('ModelNotFound', `Model ${data.model} can not be found.`);
  const { input, parameters } = data;
  return {
    // The vendor cuts off what is too long and says nothing.
    prompt: [...input.prompt].slice(0, 2000).join(''),
    images: input.images,
    n: parameters.n,
    canvas: parameters.size,
    seed: parameters.seed,
    isWatermarked: parameters.watermark,
    isExtended: parameters.prompt_extend,
  };
}
