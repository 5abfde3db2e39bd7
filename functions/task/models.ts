import type { Durations } from './durations.ts';
import type { ProviderName } from './provider.ts';

/** What a picture file must be. Sides in pixels. */
export type ImageLimits = {
  readonly maxBytes: number;
  readonly minSide: number;
  readonly maxSide: number;
};

/** A model as callers see it and as the money and the checks need it. */
export type Model = {
  readonly id: string;
  /** Price of one image that was made. */
  readonly milliCreditsPerImage: number;
  readonly maxImages: number;
  readonly maxN: number;
  readonly maxPromptCodePoints: number;
  readonly image: ImageLimits;
  /** Who can paint it, and the first guess of how long that takes there, in seconds. */
  readonly providers: Readonly<Partial<Record<ProviderName, number>>>;
};

// Limits: the published contract of wan2.5-image-to-image. The price is the contract's sample
// (1.2 credits an image); a team changes it here.
const table: readonly [Model, ...Model[]] = [
  {
    id: 'wan2.5-image-to-image',
    milliCreditsPerImage: 1200,
    maxImages: 2,
    maxN: 4,
    maxPromptCodePoints: 2000,
    image: { maxBytes: 10 * 1024 * 1024, minSide: 384, maxSide: 5000 },
    // The contract's sample estimates 30 s; fal's page says one to two minutes.
    providers: { dashscope: 30, evolink: 30, fal: 90 },
  },
];

export const models: readonly Model[] = table;
export const defaultModel: Model = table[0];
export const findModel = (id: string): Model | undefined => models.find((model) => model.id === id);

/** Those of the stage's providers that can paint a model, in the stage's order. */
export const paintersOf = (id: string, order: readonly ProviderName[]): readonly ProviderName[] =>
  order.filter((name) => (findModel(id) ?? defaultModel).providers[name] !== undefined);

/** What a task of this model takes as far as nobody has learned better; `override` is the stage's word. */
export function usualSeconds(id: string, override?: string, provider?: ProviderName): number {
  if (override !== undefined) return Number(override);
  const { providers } = findModel(id) ?? defaultModel;
  const guesses = provider ? [providers[provider]] : Object.values(providers);
  return guesses[0] ?? 30;
}

/** What tasks take by what was learned, and the table's guess until then. */
export const learnedSeconds =
  (durations: Pick<Durations, 'usual'>, override?: string) =>
  async (id: string, provider: ProviderName): Promise<number> => {
    const guess = usualSeconds(id, override, provider);
    if (override !== undefined) return guess;
    // No task waits for what cannot be read, or fails by it.
    return (await durations.usual(id, provider).catch(() => undefined)) ?? guess;
  };
