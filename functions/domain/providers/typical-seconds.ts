import { defaultModel, findModel, type ProviderName, providersFor } from '../model/catalogue.ts';
import type { Durations } from './durations.ts';

/**
 * How many seconds a task of this model takes, as a guess for as long as nothing was measured: at this provider, else at
 * the fastest. `override` is the setting `TYPICAL_SECONDS` of the deployment, which replaces guess and measurement.
 */
export function typicalSecondsOf(id: string, override?: string, provider?: ProviderName): number {
  if (override !== undefined) return Number(override);
  const { providers } = findModel(id) ?? defaultModel;
  const guess = provider && providers[provider];
  return guess ?? Math.min(...Object.values(providers));
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
