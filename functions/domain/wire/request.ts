import * as z from 'zod';
import {
  defaultModel,
  findModel,
  type Model,
  models,
  type RequestLimits,
  widestLimits,
} from '../model/catalogue.ts';
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

/** The rules that differ from model to model. */
const modelRules = ({ maxPromptCodePoints, maxImages, maxN }: RequestLimits) => ({
  prompt: `prompt is required: a text of 1 to ${maxPromptCodePoints} characters`,
  imageUrls: `image_urls must be a list of 1 to ${maxImages} picture addresses`,
  imageUploads: `image_uploads must be a list of 1 to ${maxImages} objects like {"content_type": "image/png"}`,
  pictures: `image_urls is required: ${upTo(maxImages)} picture addresses; or send image_uploads, like [{"content_type": "image/png"}], and get a form to upload each picture with`,
  n: `n must be a whole number from 1 to ${maxN}`,
});
const upTo = (max: number): string => ['1', '1 or 2'][max - 1] ?? `1 to ${max}`;

export const nRule = modelRules(defaultModel).n;
const rules = {
  imageUrl: `must be an absolute https address of at most ${maxUrlLength} characters`,
  contentType: `content_type must be one of: ${uploadTypes.join(', ')}`,
  onePictureList: 'image_urls and image_uploads exclude each other: send one of them',
  callbackUrl: `callback_url must be an https address of at most ${maxUrlLength} characters`,
  negativePrompt: `negative_prompt must be a text of 1 to ${maxNegativePromptCodePoints} characters`,
  seed: `seed must be a whole number from 0 to ${maxSeed}`,
  metadata: `metadata must be an object of at most ${metadataLimits.texts} texts: keys up to ${metadataLimits.key}, values up to ${metadataLimits.value} characters`,
} as const;

const flag = (name: string) => z.boolean(`${name} must be true or false`).optional();
const wholeNumber = (min: number, max: number, rule: string) =>
  z.number(rule).int(rule).min(min, rule).max(max, rule);

/**
 * The schema of `POST /v1/images/generations`. Unknown fields are ignored, as in the published API. A value that no
 * model accepts breaks the widest rule, which is also what the OpenAPI document says; any other value is judged by the
 * rules of the model that the request names.
 */
export function generationRequest(catalogue: readonly Model[] = models) {
  const limits = widestLimits(catalogue);
  const widest = modelRules(limits);
  const modelRule = `model must be one of: ${catalogue.map(({ id }) => id).join(', ')}`;
  const Upload = z.object(
    { content_type: z.enum(uploadTypes, rules.contentType) },
    widest.imageUploads,
  );
  return z
    .object(
      {
        model: z
          .string(modelRule)
          .refine((id) => findModel(id, catalogue) !== undefined, modelRule)
          .default(defaultModel.id),
        prompt: text(limits.maxPromptCodePoints, widest.prompt),
        image_urls: z
          .array(z.string(rules.imageUrl).max(maxUrlLength, rules.imageUrl), widest.imageUrls)
          .min(1, widest.imageUrls)
          .max(limits.maxImages, widest.imageUrls)
          .optional(),
        image_uploads: z
          .array(Upload, widest.imageUploads)
          .min(1, widest.imageUploads)
          .max(limits.maxImages, widest.imageUploads)
          .optional(),
        n: wholeNumber(1, limits.maxN, widest.n).default(1),
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
    .superRefine((request, context) => {
      const model = findModel(request.model, catalogue);
      if (!model) return; // the rule of the field has said so
      for (const [field, isBroken, message] of checksOf(request, model)) {
        if (isBroken) context.addIssue({ code: 'custom', path: [field], message });
      }
    });
}

type Pictures = readonly unknown[] | undefined;

/** Which rules of the model a request breaks: field, whether it is broken, and the rule. */
function checksOf(
  request: { prompt: string; n: number; image_urls?: Pictures; image_uploads?: Pictures },
  model: Model,
): readonly [field: string, isBroken: boolean, rule: string][] {
  const { prompt, n, image_urls: urls, image_uploads: uploads } = request;
  const own = modelRules(model);
  const isTooLong = (list: Pictures) => list !== undefined && list.length > model.maxImages;
  return [
    ['prompt', codePoints(prompt) > model.maxPromptCodePoints, own.prompt],
    ['image_urls', !urls && !uploads, own.pictures],
    ['image_uploads', urls !== undefined && uploads !== undefined, rules.onePictureList],
    ['image_urls', isTooLong(urls), own.imageUrls],
    ['image_uploads', isTooLong(uploads), own.imageUploads],
    ['n', n > model.maxN, own.n],
  ];
}

/** Validates the body of `POST /v1/images/generations` by the catalogue. */
export const GenerationRequest = generationRequest();

export type GenerationRequest = z.output<typeof GenerationRequest>;

/** The body of `POST /v1/files`. */
export const FileRequest = z.object(
  { content_type: z.enum(uploadTypes, rules.contentType) },
  'The body must be a JSON object.',
);

export type FileRequest = z.output<typeof FileRequest>;
