import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as z from 'zod';
import { ProviderBusy, ProviderRefused } from '../task/failures.ts';
import type { Clock } from '../task/ports.ts';

/** How long a secret is kept in memory, in milliseconds: so long does an old one go on working. */
export const keptForMs = 5 * 60 * 1000;

/** Reads one secret, at most once in five minutes. It is never in the environment. */
export function secret(
  client: SecretsManagerClient,
  id: string,
  now: Clock,
): () => Promise<string> {
  let kept: { readonly value: Promise<string>; readonly until: number } | undefined;
  const read = async () => {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }));
    if (!SecretString) throw new Error('the secret has no text');
    return SecretString;
  };
  return () => {
    if (!kept || kept.until <= now()) {
      kept = { value: read(), until: now() + keptForMs };
      kept.value.catch(() => {
        kept = undefined; // a failed read is not kept
      });
    }
    return kept.value;
  };
}

/** The providers that the operator has put a key for. @throws {ProviderBusy} when that cannot be read */
export const providersWithKey =
  (read: () => Promise<string>) => async (): Promise<ReadonlySet<string>> => {
    const text = await read().catch((cause: unknown) => {
      throw new ProviderBusy('the API keys could not be read', { cause });
    });
    const keys = Object.entries(keysIn(text));
    return new Set(keys.flatMap(([provider, key]) => (key.trim() === '' ? [] : [provider])));
  };

const ProviderKeys = z.record(z.string(), z.string());

/**
 * The API key of one provider, out of the secret that holds them all as `{"<provider>": "<key>"}`.
 * @throws {ProviderRefused} when the operator has put none there
 */
export const providerKey =
  (read: () => Promise<string>, provider: string) => async (): Promise<string> => {
    const key = keysIn(await read())[provider];
    if (key) return key;
    const message = 'This model is not available here: its provider has no API key yet.';
    throw new ProviderRefused(
      { code: 'service_unavailable', message },
      { operatorMustAct: true, cause: new Error(`the secret has no key for ${provider}`) },
    );
  };

// A text that is no such record holds no keys. Why is not told on: the error quotes it, and a key with it.
function keysIn(text: string): z.output<typeof ProviderKeys> {
  try {
    return ProviderKeys.parse(JSON.parse(text));
  } catch {
    return {};
  }
}
