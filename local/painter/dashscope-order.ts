import * as z from 'zod';
import { checkModel, Link, type Order, Prompt, readBody, Seed, sizeWith } from './order.ts';

const Body = z.object({
  model: z.string().min(1),
  input: z.object({
    prompt: Prompt,
    images: z.array(Link).min(1, 'needs 1 to 3 images').max(3, 'needs 1 to 3 images'),
    negative_prompt: z.string().optional(),
  }),
  parameters: z
    .object({
      size: sizeWith('*').optional(),
      n: z.int().min(1).max(4).default(4),
      watermark: z.boolean().default(false),
      prompt_extend: z.boolean().default(true),
      seed: Seed.optional(),
    })
    .prefault({}),
});

/** DashScope's create request, with its defaults. @throws {Refusal} */
export function readOrder(text: string): Order {
  const { model, input, parameters } = readBody(Body, text);
  checkModel(model, 'wan2.5-i2i-preview');
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
