import { type LiveProviderName, providerNames } from '../model/catalogue.ts';
import type { Clock } from '../model/clock.ts';
import { Problem } from '../model/problem.ts';

type Deps = {
  /** The key that is stored now. */
  readonly keyOf: (provider: LiveProviderName) => Promise<string | undefined>;
  /** Asks the provider for something that costs nothing. */
  readonly ask: (
    provider: LiveProviderName,
    key: string,
  ) => Promise<{
    readonly result: 'accepted' | 'rejected' | 'unclear';
    readonly status: number | undefined;
  }>;
  readonly now: Clock;
};

/** Whether a provider takes the key that is stored for it. @throws {Problem} `invalid_request` for an unknown provider */
export const tryProvider =
  ({ keyOf, ask, now }: Deps) =>
  async (name: string) => {
    const provider = providerNames.find((one) => one === name);
    if (!provider) {
      throw new Problem('invalid_request', `provider must be one of: ${providerNames.join(', ')}`, {
        param: 'provider',
      });
    }
    const key = await keyOf(provider);
    const startedAt = now();
    const trial = key === undefined ? undefined : await ask(provider, key);
    return {
      object: 'provider_trial' as const,
      provider,
      result: trial?.result ?? ('no_key' as const),
      status: trial?.status ?? null,
      ms: Math.max(0, Math.round(now() - startedAt)),
    };
  };
