import * as z from 'zod';
import { Link, type Order, Prompt, readBody, Seed } from './order.ts';

const named = {
  square_hd: { width: 1024, height: 1024 },
  square: { width: 512, height: 512 },
  portrait_4_3: { width: 768, height: 1024 },
  portrait_16_9: { width: 576, height: 1024 },
  landscape_4_3: { width: 1024, height: 768 },
  landscape_16_9: { width: 1024, height: 576 },
};
const Side = z.int().min(384).max(1440);

const Body = z.object({
  prompt: Prompt.max(2000),
  image_urls: z.array(Link).min(1),
  num_images: z.int().min(1).max(4).default(1),
  image_size: z
    .union([
      z.object({ width: Side, height: Side }),
      z.enum([
        'square_hd',
        'square',
        'portrait_4_3',
        'portrait_16_9',
        'landscape_4_3',
        'landscape_16_9',
      ]),
    ])
    .default('square'),
  seed: Seed.optional(),
});

/** fal's input for the model, with its defaults. @throws {Refusal} */
export function readOrder(text: string): Order {
  const { prompt, image_urls, num_images, image_size, seed } = readBody(Body, text);
  return {
    prompt,
    images: image_urls.slice(0, 2), // it ignores the rest
    n: num_images,
    canvas: typeof image_size === 'string' ? named[image_size] : image_size,
    seed,
    isWatermarked: false,
    isExtended: true,
  };
}
