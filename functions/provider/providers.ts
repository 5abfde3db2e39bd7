import type { Provider, ProviderName } from '../task/provider.ts';
import { dashscope } from './dashscope.ts';
import { evolink } from './evolink.ts';
import { fal } from './fal.ts';

/** Where the providers are. */
export type ProviderUrls = {
  readonly DASHSCOPE_URL: string;
  readonly EVOLINK_URL: string;
  readonly FAL_URL: string;
};

/** All providers, each with a key of its own. */
export const providersAt = (
  urls: ProviderUrls,
  keyOf: (provider: ProviderName) => () => Promise<string>,
): Readonly<Record<ProviderName, Provider>> => ({
  dashscope: dashscope({ baseUrl: urls.DASHSCOPE_URL, apiKey: keyOf('dashscope') }),
  evolink: evolink({ baseUrl: urls.EVOLINK_URL, apiKey: keyOf('evolink') }),
  fal: fal({ baseUrl: urls.FAL_URL, apiKey: keyOf('fal') }),
});
