import type { ImageLimits } from './ports.ts';

/** A model as callers see it and as the money and the checks need it. */
export type Model = {
  readonly id: string;
  readonly provider: 'dashscope';
  /** Price of one image that was made. */
  readonly milliCreditsPerImage: number;
  readonly maxImages: number;
  readonly maxN: number;
  readonly maxPromptCodePoints: number;
  readonly image: ImageLimits;
  /** First guess of how long a task takes, in seconds. */
  readonly usualSeconds: number;
};

// Limits: the published contract of wan2.5-image-to-image. The price is the contract's sample
// (1.2 credits an image); a team changes it here.
const table: readonly [Model, ...Model[]] = [
  {
    id: 'wan2.5-image-to-image',
    provider: 'dashscope',
    milliCreditsPerImage: 1200,
    maxImages: 2,
    maxN: 4,
    maxPromptCodePoints: 2000,
    image: { maxBytes: 10 * 1024 * 1024, minSide: 384, maxSide: 5000 },
    usualSeconds: 30,
  },
];

export const models: readonly Model[] = table;
export const defaultModel: Model = table[0];
export const findModel = (id: string): Model | undefined => models.find((model) => model.id === id);

/** What a task of this model usually takes; `override` is the stage's word, where it has one. */
export const usualSeconds = (id: string, override?: string): number =>
  override === undefined ? (findModel(id) ?? defaultModel).usualSeconds : Number(override);
