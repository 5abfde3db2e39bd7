import { GetFunctionCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test, vi } from 'vitest';
import { startOtherServices } from '../../../local/aws/other-services.ts';
import { thrownBy } from '../../support/thrown-by.ts';

// A service that is not emulated. The clients of emulated ones stand in for it: they speak the same protocols.

async function options() {
  const server = await startOtherServices();
  onTestFinished(server.close);
  // As a function finds it, which has no variable for such a service.
  vi.stubEnv('AWS_ENDPOINT_URL', server.url);
  onTestFinished(() => void vi.unstubAllEnvs());
  return {
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIA', secretAccessKey: 'secret' },
    maxAttempts: 3,
  };
}

const notEmulated = (service: string) => ({
  name: 'NotEmulated',
  message: `The local stack does not emulate the service "${service}".`,
  $metadata: { httpStatusCode: 501, attempts: 1 },
});

test('a request in AWS JSON is refused once, with the name of its service', async () => {
  const client = new SecretsManagerClient(await options());

  const error = await thrownBy(client.send(new GetSecretValueCommand({ SecretId: 'a' })));

  expect(error).toMatchObject(notEmulated('secretsmanager'));
});

test('a request in REST is refused once, with the name of its service', async () => {
  const client = new LambdaClient(await options());

  const error = await thrownBy(client.send(new GetFunctionCommand({ FunctionName: 'a' })));

  expect(error).toMatchObject(notEmulated('lambda'));
});

test('a request as a form is refused in XML, and one without a signature too', async () => {
  await options();

  const response = await fetch(process.env['AWS_ENDPOINT_URL'] ?? '', {
    method: 'POST',
    body: new URLSearchParams({ Action: 'ListUsers' }),
  });

  expect(response.status).toBe(501);
  expect(await response.text()).toContain(
    '<Code>NotEmulated</Code><Message>The local stack does not emulate the service "unknown".</Message>',
  );
});
