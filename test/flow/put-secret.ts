import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { Laptop } from '../../local/laptop.ts';
import { secretsOf } from '../../local/template/read-secrets.ts';

/** What the operator does with a secret. */
export async function putSecret(
  { environment, context }: Laptop,
  name: 'Signing' | 'ProviderKeys',
  SecretString: string,
): Promise<void> {
  const client = new SecretsManagerClient({
    region: 'us-east-1',
    endpoint: environment['AWS_ENDPOINT_URL_SECRETS_MANAGER'] ?? '',
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
  });
  const SecretId = secretsOf(context).find(({ id }) => id.includes(name))?.arn ?? '';
  await client.send(new PutSecretValueCommand({ SecretId, SecretString }));
  client.destroy();
}
