import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { secretTtlMs, ttlCache } from '../../domain/model/cache.ts';
import type { Clock } from '../../domain/model/clock.ts';
import { ProviderBusy } from '../../domain/model/workflow-errors.ts';

/** Reads one secret, and caches it. Secrets are never in the environment. */
export function cachedSecret(
  client: SecretsManagerClient,
  id: string,
  now: Clock,
): () => Promise<string> {
  const cache = ttlCache<string>({ ttlMs: secretTtlMs, now });
  return () =>
    cache.get(id, async () => {
      const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
      if (!SecretString) throw new Error('the secret has no text');
      return SecretString;
    });
}

/**
 * The providers for which the operator has stored an API key.
 * @throws {ProviderBusy} when the secret cannot be read
 */
export const providersWithKey =
  (read: () => Promise<string>) => async (): Promise<ReadonlySet<string>> => {
    const text = await read().catch((cause: unknown) => {
      throw new ProviderBusy('the API keys could not be read', { cause });
    });
    const keys = Object.entries(parseKeys(text));
    return new Set(keys.flatMap(([provider, key]) => (key === '' ? [] : [provider])));
  };

/**
 * The API key of one provider, or undefined when the operator has stored none. One secret holds the keys of
 * all providers as `{"<provider>": "<key>"}`.
 */
export const providerKey =
  (read: () => Promise<string>, provider: string) => async (): Promise<string | undefined> =>
    parseKeys(await read())[provider] || undefined;

/** The test key of the canary, from a secret with `{"api_key": "sk-dr-test-…"}`; undefined until the operator has stored one. */
export const canaryKey = (read: () => Promise<string>) => providerKey(read, 'api_key');

const ProviderKeys = z.record(z.string(), z.string().trim());

// White space around a key is not part of it. A text of another form holds no keys. The parse error is dropped: it quotes the text, and with it a key.
function parseKeys(text: string): z.output<typeof ProviderKeys> {
  try {
    return ProviderKeys.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
