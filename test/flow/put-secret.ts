import { PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { secretsOf } from '../../local/aws/template/read-secrets.ts';
import type { LocalStack } from '../../local/local-stack.ts';

/** Replaces the value of a secret, as the operator does. */
export async function putSecret(
  { environment, context }: LocalStack,
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
