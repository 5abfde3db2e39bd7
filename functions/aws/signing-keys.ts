import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { Clock } from '../task/ports.ts';
import { linkValidForMs } from '../task/result-link.ts';
import type { SigningKeys } from '../task/signature.ts';
import { keptForMs } from './secrets.ts';

/** A signature nobody knows makes the keys be read again, but not more often than this. */
const leastAgeMs = 10_000;
// What was signed last with the key before: by a function that had not seen the new one yet.
const overlapMs = linkValidForMs + keptForMs;

type Read = { readonly keys: Promise<readonly string[]>; readonly at: number };

/**
 * The signing key in Secrets Manager, and the one that it replaced: that one counts until the last
 * link signed with it is over.
 */
export function signingKeys(client: SecretsManagerClient, id: string, now: Clock): SigningKeys {
  let last: Read | undefined;
  const readAfter = (age: number) => {
    if (last && last.at + age > now()) return last.keys;
    const keys = readKeys(client, id, now());
    last = { keys, at: now() };
    keys.catch(() => {
      if (last?.keys === keys) last = undefined; // a failed read is not kept
    });
    return keys;
  };
  return { known: () => readAfter(keptForMs), latest: () => readAfter(leastAgeMs) };
}

async function readKeys(client: SecretsManagerClient, id: string, now: number) {
  const [current, previous] = await Promise.all([
    readVersion(client, id, 'AWSCURRENT'),
    readVersion(client, id, 'AWSPREVIOUS'),
  ]);
  if (!current) throw new Error('the secret has no text');
  const isOver = current.since + overlapMs <= now;
  return previous && !isOver ? [current.text, previous.text] : [current.text];
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
