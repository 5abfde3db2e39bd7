import * as z from 'zod';
import {
  defaultModel,
  type Model,
  type ModelAliases,
  modelNamed,
  models,
  type RequestLimits,
  type SizeLimits,
  widestLimits,
  widestSizeLimits,
} from '../model/catalogue.ts';
import { contentTypeOf, formatOfType, imageFormats } from '../model/image-format.ts';
import { filesPath } from '../model/paths.ts';
import { lanes, maxSeed, maxSignedUrlLength, maxUrlLength } from '../model/task.ts';
import { extraFieldsOf } from './extra-fields.ts';

/** The picture formats a caller may upload, by their media type. */
export const uploadTypes = imageFormats.map(contentTypeOf);

/** The limits of the size of an image, in words. */
export const sizeWords = ({ minSquare, maxSquare, maxRatio }: SizeLimits) => ({
  pixels: `${minSquare}x${minSquare} to ${maxSquare}x${maxSquare} pixels in all`,
  ratios: { widest: `${maxRatio}:1`, tallest: `1:${maxRatio}` },
});
/** The form of a size in pixels. */
export const sizePattern = /^\d{2,4}[x*]\d{2,4}$/;
/** The size that leaves the choice to the model, as if no size was given. */
export const autoSize = 'auto';

function sizeRule(limits: SizeLimits, ratios: readonly string[]): string {
  const { pixels, ratios: between } = sizeWords(limits);
  const largest = `${limits.maxSquare}x${limits.maxSquare}`;
  return `size must be like ${largest}: ${pixels}, sides between ${between.tallest} and ${between.widest}; or one of ${ratios.join(', ')}; or ${autoSize}`;
}

/** Whether a model with these limits makes images of this size. */
export function isValidSize(
  text: string,
  { minSquare, maxSquare, maxRatio }: SizeLimits = defaultModel.sizeLimits,
): boolean {
  if (!sizePattern.test(text)) return false;
  const [width = 0, height = 0] = text.split(/[x*]/).map(Number);
  const area = width * height;
  return (
    area >= minSquare ** 2 &&
    area <= maxSquare ** 2 &&
    Math.max(width, height) <= maxRatio * Math.min(width, height)
  );
}

/** Every ratio that stands for a size of some model. */
export const ratiosOf = (catalogue: readonly Model[] = models): readonly string[] => [
  ...new Set(catalogue.flatMap(({ sizes }) => Object.keys(sizes))),
];

/** The longest `negative_prompt`, in code points. */
export const maxNegativePromptCodePoints = 500;
/** How many texts a caller may store with a task, and how long their keys and values may be. */
export const metadataLimits = { texts: 16, key: 64, value: 512 };

const codePoints = (text: string): number => [...text].length;
const isText = (value: string, maxCodePoints: number) =>
  value.trim() !== '' && codePoints(value) <= maxCodePoints;

/** The rules that differ from model to model. */
const modelRules = ({ maxPromptCodePoints, maxImages, maxN }: RequestLimits) => ({
  prompt: `prompt is required: a text of 1 to ${maxPromptCodePoints} characters`,
  imageUrls: `image_urls must be a list of 1 to ${maxImages} picture addresses`,
  imageUploads: `image_uploads must be a list of 1 to ${maxImages} objects like {"content_type": "image/png"}`,
  pictures: `image_urls is required: ${upTo(maxImages)} picture addresses; or send image_uploads, like [{"content_type": "image/png"}], and get a form to upload each picture with`,
  n: `n must be a whole number from 1 to ${maxN}`,
});
const sizeRuleOf = ({ sizeLimits, sizes }: Model) => sizeRule(sizeLimits, Object.keys(sizes));
const upTo = (max: number): string => ['1', '1 or 2'][max - 1] ?? `1 to ${max}`;

export const nRule = modelRules(defaultModel).n;
const rules = {
  imageUrl: `must be an absolute https address of at most ${maxSignedUrlLength} characters`,
  dataUrl: `must be the address of a picture, not the picture itself: send image_uploads and upload the picture with the form in the response, or upload it with POST ${filesPath} first`,
  contentType: `content_type must be one of: ${uploadTypes.join(', ')}`,
  onePictureList: 'image_urls and image_uploads exclude each other: send one of them',
  callbackUrl: `callback_url must be an https address of at most ${maxUrlLength} characters`,
  negativePrompt: `negative_prompt must be a text of 1 to ${maxNegativePromptCodePoints} characters`,
  seed: `seed must be a whole number from 0 to ${maxSeed}`,
  lane: `lane must be one of: ${lanes.join(', ')}`,
  metadata: `metadata must be an object of at most ${metadataLimits.texts} texts: keys up to ${metadataLimits.key}, values up to ${metadataLimits.value} characters`,
} as const;

// Clients with typed requests send null for what they do not set, and forms send an empty text: both count as absent.
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);
const withDefault = <Schema extends z.ZodType>(schema: Schema, value: z.output<Schema>) =>
  schema.nullish().transform((sent) => sent ?? value);
const optionalText = (schema: z.ZodString) =>
  schema.nullish().transform((text) => text || undefined);
const optionalList = <One extends z.ZodType>(schema: z.ZodArray<One>) =>
  schema.nullish().transform((list) => (list && list.length > 0 ? list : undefined));
const flag = (name: string) => optional(z.boolean(`${name} must be true or false`));
const wholeNumber = (min: number, max: number, rule: string) =>
  z.number(rule).int(rule).min(min, rule).max(max, rule);

const uploadType = z
  .string(rules.contentType)
  .refine((type) => formatOfType(type) !== undefined, rules.contentType)
  // The field only decides which form a caller gets. The content of the picture decides what it is.
  .transform((type) => contentTypeOf(formatOfType(type) ?? 'png'));

const imageUrl = z
  .string(rules.imageUrl)
  .refine((url) => !/^data:/i.test(url), { error: rules.dataUrl, abort: true })
  .max(maxSignedUrlLength, rules.imageUrl);

/**
 * The schema of `POST /v1/images/generations`. A value that no model accepts breaks the widest rule, which is the one in
 * the OpenAPI document; any other value is checked against the rules of the model that the request names. Fields that the
 * model does not have are in `ignored` of the parsed request.
 * @param aliases the operator's names of models
 */
export function generationRequest(
  catalogue: readonly Model[] = models,
  aliases: ModelAliases = {},
) {
  const limits = widestLimits(catalogue);
  const widest = modelRules(limits);
  const ratios = ratiosOf(catalogue);
  const widestSizes = widestSizeLimits(catalogue);
  const widestSizeRule = sizeRule(widestSizes, ratios);
  const find = (name: string) => modelNamed(name, catalogue, aliases);
  const modelRule = `model must be one of: ${catalogue.map(({ id }) => id).join(', ')}`;
  const Upload = z.object({ content_type: uploadType }, widest.imageUploads);
  const fields = {
    model: withDefault(
      z.string(modelRule).refine((name) => find(name) !== undefined, modelRule),
      defaultModel.id,
    ),
    prompt: z
      .string(widest.prompt)
      .refine((text) => isText(text, limits.maxPromptCodePoints), widest.prompt),
    image_urls: optionalList(
      z.array(imageUrl, widest.imageUrls).max(limits.maxImages, widest.imageUrls),
    ),
    image_uploads: optionalList(
      z.array(Upload, widest.imageUploads).max(limits.maxImages, widest.imageUploads),
    ),
    n: withDefault(wholeNumber(1, limits.maxN, widest.n), 1),
    callback_url: optionalText(z.string(rules.callbackUrl).max(maxUrlLength, rules.callbackUrl)),
    negative_prompt: optionalText(
      z
        .string(rules.negativePrompt)
        .refine(
          (text) => text === '' || isText(text, maxNegativePromptCodePoints),
          rules.negativePrompt,
        ),
    ),
    size: optionalText(
      z
        .string(widestSizeRule)
        .refine(
          (size) => ['', autoSize, ...ratios].includes(size) || isValidSize(size, widestSizes),
          widestSizeRule,
        ),
    ),
    seed: optional(wholeNumber(0, maxSeed, rules.seed)),
    prompt_extend: flag('prompt_extend'),
    watermark: flag('watermark'),
    lane: optional(z.enum(lanes, rules.lane)),
    metadata: optional(
      z
        .record(
          z.string().min(1, rules.metadata).max(metadataLimits.key, rules.metadata),
          z.string(rules.metadata).max(metadataLimits.value, rules.metadata),
          rules.metadata,
        )
        .refine((map) => Object.keys(map).length <= metadataLimits.texts, rules.metadata),
    ),
  };
  return z
    .looseObject(fields, 'The body must be a JSON object.')
    .superRefine((request, context) => {
      const model = find(request.model);
      if (!model) return; // the rule of the field reports it
      for (const [field, isBroken, message] of checksOf(request, model)) {
        if (isBroken) context.addIssue({ code: 'custom', path: [field], message });
      }
      for (const { field, message } of extraFieldsOf(request, fields).refused) {
        context.addIssue({ code: 'custom', path: [field], message });
      }
    })
    .transform((request) => {
      const model = find(request.model) ?? defaultModel;
      return {
        model: model.id,
        prompt: request.prompt,
        image_urls: request.image_urls,
        image_uploads: request.image_uploads,
        n: request.n,
        callback_url: request.callback_url,
        negative_prompt: request.negative_prompt,
        size: sizeIn(model, request.size),
        seed: request.seed,
        prompt_extend: request.prompt_extend,
        watermark: request.watermark,
        lane: request.lane,
        metadata: request.metadata,
        /** The fields that this model does not have. */
        ignored: extraFieldsOf(request, fields).ignored,
      };
    });
}

/** The size in pixels that a request asks this model for; undefined when the model chooses. */
const sizeIn = ({ sizes }: Model, size: string | undefined): string | undefined =>
  size === undefined || size === autoSize ? undefined : (sizes[size] ?? size);

type Pictures = readonly unknown[] | undefined;

/** Which rules of the model a request breaks: field, whether it is broken, and the rule. */
function checksOf(
  request: {
    prompt: string;
    n: number;
    image_urls?: Pictures;
    image_uploads?: Pictures;
    size?: string | undefined;
  },
  model: Model,
): readonly [field: string, isBroken: boolean, rule: string][] {
  const { prompt, n, image_urls: urls, image_uploads: uploads } = request;
  const own = modelRules(model);
  const size = sizeIn(model, request.size);
  const isTooLong = (list: Pictures) => list !== undefined && list.length > model.maxImages;
  return [
    ['prompt', codePoints(prompt) > model.maxPromptCodePoints, own.prompt],
    ['image_urls', !urls && !uploads, own.pictures],
    ['image_uploads', urls !== undefined && uploads !== undefined, rules.onePictureList],
    ['image_urls', isTooLong(urls), own.imageUrls],
    ['image_uploads', isTooLong(uploads), own.imageUploads],
    ['n', n > model.maxN, own.n],
    ['size', size !== undefined && !isValidSize(size, model.sizeLimits), sizeRuleOf(model)],
  ];
}

/** Validates the body of `POST /v1/images/generations` by the catalogue. */
export const GenerationRequest = generationRequest();

export type GenerationRequest = z.output<typeof GenerationRequest>;

/** The part of a request that decides whether it is the same as another one: without the fields that are ignored. */
export const effectiveRequest = (request: GenerationRequest) => ({
  ...request,
  ignored: undefined,
});

/** The body of `POST /v1/files`. */
export const FileRequest = z.object(
  { content_type: uploadType },
  'The body must be a JSON object.',
);

export type FileRequest = z.output<typeof FileRequest>;
