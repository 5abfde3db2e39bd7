import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { secretTtlMs, ttlCache } from '../../domain/model/cache.ts';
import type { Clock } from '../../domain/model/clock.ts';
import type { SigningKeys } from '../../domain/model/signature.ts';

/** For an unknown signature the keys are read anew, unless the cached ones are younger than this. */
const minAgeMs = 10_000;

type Options = {
  readonly now: Clock;
  /** How long a signature is valid, in milliseconds. */
  readonly signatureValidForMs: number;
};

/**
 * The signing key in Secrets Manager, and the key it replaced: the previous key is valid until the last
 * signature made with it has expired.
 */
export function signingKeys(
  client: SecretsManagerClient,
  id: string,
  { now, signatureValidForMs }: Options,
): SigningKeys {
  // The last signature with the previous key comes from a function that still had that key in its cache.
  const overlapMs = signatureValidForMs + secretTtlMs;
  const cache = ttlCache<readonly string[]>({ ttlMs: secretTtlMs, now });

  const read = async () => {
    const at = now();
    const [current, previous] = await Promise.all([
      readVersion(client, id, 'AWSCURRENT'),
      readVersion(client, id, 'AWSPREVIOUS'),
    ]);
    if (!current) throw new Error('the secret has no text');
    const previousExpired = current.since + overlapMs <= at;
    return previous && !previousExpired ? [current.text, previous.text] : [current.text];
  };

  return {
    known: () => cache.get(id, read),
    latest: () => cache.get(id, read, minAgeMs),
  };
}

// A secret that was never replaced has no previous version.
async function readVersion(client: SecretsManagerClient, SecretId: string, VersionStage: string) {
  try {
    const command = new GetSecretValueCommand({ SecretId, VersionStage });
    const { SecretString, CreatedDate } = await client.send(command);
    return SecretString && CreatedDate
      ? { text: SecretString, since: CreatedDate.getTime() }
      : undefined;
  } catch (thrown) {
    if (thrown instanceof ResourceNotFoundException) return undefined;
    throw thrown;
  }
}
