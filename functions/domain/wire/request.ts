import * as z from 'zod';
import { defaultModel, findModel, models } from '../model/catalogue.ts';
import { contentTypeOf, imageFormats } from '../model/image-format.ts';
import { maxUrlLength } from '../model/task.ts';

/** The picture formats a caller may upload, by their media type. */
export const uploadTypes = imageFormats.map(contentTypeOf);

// What the model's provider takes (DashScope, wan2.5 image edit). The sides are those of the smallest and of the largest
// square; other sizes have as many pixels in all.
const square = { min: 768, max: 1280 };
const maxRatio = 4;

/** What an image may be like, in words. */
export const sizeLimits = {
  pixels: `${square.min}x${square.min} to ${square.max}x${square.max} pixels in all`,
  ratios: { widest: `${maxRatio}:1`, tallest: `1:${maxRatio}` },
  pattern: /^\d{2,4}[x*]\d{2,4}$/,
};
const sizeRule = `size must be like ${square.max}x${square.max}: ${sizeLimits.pixels}, sides between ${sizeLimits.ratios.tallest} and ${sizeLimits.ratios.widest}`;

export function isValidSize(text: string): boolean {
  if (!sizeLimits.pattern.test(text)) return false;
  const [width = 0, height = 0] = text.split(/[x*]/).map(Number);
  const area = width * height;
  return (
    area >= square.min ** 2 &&
    area <= square.max ** 2 &&
    Math.max(width, height) <= maxRatio * Math.min(width, height)
  );
}

/** The longest `negative_prompt`, in code points. */
export const maxNegativePromptCodePoints = 500;
const maxSeed = 2_147_483_647;
/** How many texts a caller may have us keep with a task, and how long their keys and values may be. */
export const metadataLimits = { texts: 16, key: 64, value: 512 };

const codePoints = (text: string): number => [...text].length;
const text = (maxCodePoints: number, rule: string) =>
  z.string(rule).refine((value) => value.trim() !== '' && codePoints(value) <= maxCodePoints, rule);

export const nRule = `n must be a whole number from 1 to ${defaultModel.maxN}`;
const rules = {
  model: `model must be one of: ${models.map(({ id }) => id).join(', ')}`,
  prompt: `prompt is required: a text of 1 to ${defaultModel.maxPromptCodePoints} characters`,
  imageUrls: `image_urls must be a list of 1 to ${defaultModel.maxImages} picture addresses`,
  imageUrl: `must be an absolute https address of at most ${maxUrlLength} characters`,
  imageUploads: `image_uploads must be a list of 1 to ${defaultModel.maxImages} objects like {"content_type": "image/png"}`,
  contentType: `content_type must be one of: ${uploadTypes.join(', ')}`,
  n: nRule,
  callbackUrl: `callback_url must be an https address of at most ${maxUrlLength} characters`,
  negativePrompt: `negative_prompt must be a text of 1 to ${maxNegativePromptCodePoints} characters`,
  seed: `seed must be a whole number from 0 to ${maxSeed}`,
  metadata: `metadata must be an object of at most ${metadataLimits.texts} texts: keys up to ${metadataLimits.key}, values up to ${metadataLimits.value} characters`,
} as const;

const flag = (name: string) => z.boolean(`${name} must be true or false`).optional();
const wholeNumber = (min: number, max: number, rule: string) =>
  z.number(rule).int(rule).min(min, rule).max(max, rule);
const Upload = z.object(
  { content_type: z.enum(uploadTypes, rules.contentType) },
  rules.imageUploads,
);

/** Validates the body of `POST /v1/images/generations`. Unknown fields are ignored, as in the published API. */
export const GenerationRequest = z
  .object(
    {
      model: z
        .string(rules.model)
        .refine((id) => findModel(id) !== undefined, rules.model)
        .default(defaultModel.id),
      prompt: text(defaultModel.maxPromptCodePoints, rules.prompt),
      image_urls: z
        .array(z.string(rules.imageUrl).max(maxUrlLength, rules.imageUrl), rules.imageUrls)
        .min(1, rules.imageUrls)
        .max(defaultModel.maxImages, rules.imageUrls)
        .optional(),
      image_uploads: z
        .array(Upload, rules.imageUploads)
        .min(1, rules.imageUploads)
        .max(defaultModel.maxImages, rules.imageUploads)
        .optional(),
      n: wholeNumber(1, defaultModel.maxN, rules.n).default(1),
      callback_url: z
        .string(rules.callbackUrl)
        .min(1, rules.callbackUrl)
        .max(maxUrlLength, rules.callbackUrl)
        .optional(),
      negative_prompt: text(maxNegativePromptCodePoints, rules.negativePrompt).optional(),
      size: z.string(sizeRule).refine(isValidSize, sizeRule).optional(),
      seed: wholeNumber(0, maxSeed, rules.seed).optional(),
      prompt_extend: flag('prompt_extend'),
      watermark: flag('watermark'),
      metadata: z
        .record(
          z.string().min(1, rules.metadata).max(metadataLimits.key, rules.metadata),
          z.string(rules.metadata).max(metadataLimits.value, rules.metadata),
          rules.metadata,
        )
        .refine((map) => Object.keys(map).length <= metadataLimits.texts, rules.metadata)
        .optional(),
    },
    'The body must be a JSON object.',
  )
  .superRefine(({ image_urls, image_uploads }, context) => {
    const message = image_urls
      ? 'image_urls and image_uploads exclude each other: send one of them'
      : `image_urls is required: 1 or ${defaultModel.maxImages} picture addresses; or send image_uploads, like [{"content_type": "image/png"}], and get a form to upload each picture with`;
    if ((image_urls === undefined) === (image_uploads === undefined)) {
      context.addIssue({
        code: 'custom',
        path: [image_urls ? 'image_uploads' : 'image_urls'],
        message,
      });
    }
  });

export type GenerationRequest = z.output<typeof GenerationRequest>;

/** The body of `POST /v1/files`. */
export const FileRequest = z.object(
  { content_type: z.enum(uploadTypes, rules.contentType) },
  'The body must be a JSON object.',
);

export type FileRequest = z.output<typeof FileRequest>;
