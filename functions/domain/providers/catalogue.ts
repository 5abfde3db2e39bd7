import type { ProviderName } from '../model/provider-name.ts';
import type { Durations } from './durations.ts';

/** What a picture file must be. Sides in pixels. */
export type ImageLimits = {
  readonly maxBytes: number;
  readonly minSide: number;
  readonly maxSide: number;
};

/** A model, with its price and limits. */
export type Model = {
  readonly id: string;
  /** Price of one image that was made. */
  readonly milliCreditsPerImage: number;
  readonly maxImages: number;
  readonly maxN: number;
  readonly maxPromptCodePoints: number;
  readonly image: ImageLimits;
  /** The providers that offer it, with the first guess of how long it takes there, in seconds. */
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
/** The largest picture file that any model accepts: uploads and downloads of inputs stop there. */
export const maxInputBytes = Math.max(...table.map(({ image }) => image.maxBytes));
export const findModel = (id: string, catalogue = models): Model | undefined =>
  catalogue.find((model) => model.id === id);

/** The providers out of `order` that offer a model, in that order. */
export function providersFor(
  id: string,
  order: readonly ProviderName[],
  catalogue = models,
): readonly ProviderName[] {
  const { providers } = findModel(id, catalogue) ?? defaultModel;
  return order.filter((name) => providers[name] !== undefined);
}

/**
 * How many seconds a task of this model takes, as a guess for as long as nothing was measured. `override` is
 * the setting `TYPICAL_SECONDS` of the deployment, which replaces guess and measurement.
 */
export function typicalSecondsOf(id: string, override?: string, provider?: ProviderName): number {
  if (override !== undefined) return Number(override);
  const { providers } = findModel(id) ?? defaultModel;
  const guesses = provider ? [providers[provider]] : Object.values(providers);
  return guesses[0] ?? 30;
}

/** How many seconds tasks take: as measured, and the guess of the table until then. */
export const measuredSecondsOf =
  (durations: Pick<Durations, 'typicalSeconds'>, override?: string) =>
  async (id: string, provider: ProviderName): Promise<number> => {
    const guess = typicalSecondsOf(id, override, provider);
    if (override !== undefined) return guess;
    // A measurement that cannot be read must not fail a task.
    return (await durations.typicalSeconds(id, provider).catch(() => undefined)) ?? guess;
  };

/**
 * How long a new task of a model is expected to take, in whole seconds, at the first provider of the
 * order. Whether that provider has an API key and accepts the job is not known yet.
 */
export const estimateSeconds =
  ({
    durations,
    providers,
    typicalSeconds,
  }: {
    readonly durations: Pick<Durations, 'typicalSeconds'>;
    readonly providers: readonly ProviderName[];
    readonly typicalSeconds?: string | undefined;
  }) =>
  async (model: string): Promise<number> => {
    const [first] = providersFor(model, providers);
    return first
      ? Math.round(await measuredSecondsOf(durations, typicalSeconds)(model, first))
      : typicalSecondsOf(model, typicalSeconds);
  };
