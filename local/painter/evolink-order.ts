import * as z from 'zod';
import { checkModel, Link, type Order, Prompt, readBody, Seed, sizeWith } from './order.ts';

const Body = z.object({
  model: z.string().min(1),
  prompt: Prompt.max(2000),
  image_urls: z.array(Link).min(1, 'needs 1 or 2 images').max(2, 'needs 1 or 2 images'),
  n: z.int().min(1).max(4).default(1),
  callback_url: z.url().max(2048).optional(),
  size: sizeWith('x').optional(),
  seed: Seed.optional(),
  prompt_extend: z.boolean().default(true),
  watermark: z.boolean().default(false),
});

type Placed = { readonly order: Order; readonly callbackUrl: string | undefined };

/** EvoLink's create request, with its defaults and with the options that it passes on. @throws {Refusal} */
export function readOrder(text: string): Placed {
  const body = readBody(Body, text);
  checkModel(body.model, 'wan2.5-image-to-image');
  const order = {
    prompt: body.prompt,
    images: body.image_urls,
    n: body.n,
    canvas: body.size,
    seed: body.seed,
    isWatermarked: body.watermark,
    isExtended: body.prompt_extend,
  };
  return { order, callbackUrl: body.callback_url };
}
