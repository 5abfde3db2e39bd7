import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { SecretVersion, SecretVersions } from '../../domain/model/signing-keys.ts';

/** Reads the newest version of a secret in Secrets Manager, and the one that it replaced. */
export const secretVersions =
  (client: SecretsManagerClient, id: string) => async (): Promise<SecretVersions> => {
    const [current, previous] = await Promise.all([
      readVersion(client, id, 'AWSCURRENT'),
      readVersion(client, id, 'AWSPREVIOUS'),
    ]);
    if (!current) throw new Error('the secret has no text');
    return { current, previous };
  };

// A secret that was never replaced has no previous version.
async function readVersion(
  client: SecretsManagerClient,
  SecretId: string,
  VersionStage: string,
): Promise<SecretVersion | undefined> {
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
