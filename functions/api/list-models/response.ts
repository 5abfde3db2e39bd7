import * as z from 'zod';
import { credits, seconds } from '../../domain/wire/fields.ts';

export const Model = z
  .strictObject({
    id: z.string().describe('The value of `model` in a request'),
    object: z.literal('model'),
    created: seconds('When the model was added'),
    owned_by: z.string().describe('Who makes the model'),
    aliases: z.array(z.string()).describe('Other names that `model` in a request may have'),
    type: z.literal('image'),
    credits_per_image: credits('The price of one image that was made'),
    limits: z.strictObject({
      images: z.int().min(1).describe('How many input pictures a task may have'),
      n: z.int().min(1).describe('How many images one task may ask for'),
      prompt_characters: z.int().min(1).describe('How long the prompt may be, in code points'),
      image_bytes: z.int().min(1).describe('How large an input picture may be'),
      side_pixels: z
        .array(z.int().min(1))
        .length(2)
        .describe('The shortest and the longest side an input picture may have'),
    }),
  })
  .describe('A model: its price and its limits');

export const ModelList = z
  .strictObject({ object: z.literal('list'), data: z.array(Model) })
  .describe('All models');
