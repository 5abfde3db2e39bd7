import type { LiveProviderName } from '../../domain/model/catalogue.ts';
import { providerAdapters } from './registry.ts';

/** The id of a job that nobody has submitted. A request for it costs nothing. */
const unknownJob = '00000000-0000-4000-8000-000000000000';

export type KeyTrial = {
  /** `unclear`: the provider could not be reached, or its response does not tell. */
  readonly result: 'accepted' | 'rejected' | 'unclear';
  /** The HTTP status of the response, if there was one. */
  readonly status: number | undefined;
};

/**
 * Asks a provider for a job that does not exist. The response shows whether the provider accepts the key, and costs
 * nothing.
 */
export async function tryProviderKey(
  provider: LiveProviderName,
  baseUrl: string,
  key: string,
): Promise<KeyTrial> {
  let status: number | undefined;
  const client = providerAdapters[provider].createClient({
    baseUrl,
    apiKey: async () => key,
    fetch: async (...request) => {
      const response = await fetch(...request);
      status = response.status;
      return response;
    },
  });
  const polled = await client.poll(unknownJob).catch(() => undefined);
  if (polled) return { result: 'accepted', status };
  return { result: status === 401 || status === 403 ? 'rejected' : 'unclear', status };
}
