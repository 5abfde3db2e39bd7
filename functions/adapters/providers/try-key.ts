import type { LiveProviderName } from '../../domain/model/catalogue.ts';
import { providerAdapters } from './registry.ts';

/** A job that nobody has submitted. Asking for it costs nothing. */
const unknownJob = '00000000-0000-4000-8000-000000000000';

export type KeyTrial = {
  /** `unclear`: it could not be reached, or did not say. */
  readonly result: 'accepted' | 'rejected' | 'unclear';
  /** Its HTTP status, if it answered. */
  readonly status: number | undefined;
};

/** Asks a provider with a key for a job that does not exist: it says whether it takes the key, and charges nothing. */
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
