import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test } from 'vitest';
import type { Statement } from '../../../../local/aws/iam/evaluate-policy.ts';
import { startInvokeApi } from '../../../../local/aws/lambda/invoke-api.ts';
import { startSecrets } from '../../../../local/aws/secrets/secrets.ts';
import { bundled, temporaryDirectory } from '../bundle.ts';
import { allow, authorizerWith, deny, limitedCaller, notAllowed, owner } from './limited-caller.ts';

const region = 'us-east-1';
const arn = `arn:aws:secretsmanager:${region}:000000000000:secret:Key-abcdef`;
const definition = bundled('');

async function secrets(...statements: readonly Statement[]) {
  const { url, close } = await startSecrets({
    secrets: [{ id: 'Key', name: 'Key', arn, secretString: 'secret' }],
    directory: temporaryDirectory(),
    authorize: authorizerWith(...statements),
  });
  onTestFinished(close);
  return ({ credentials = limitedCaller, SecretId = arn } = {}) => {
    const client = new SecretsManagerClient({ endpoint: url, region, credentials, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    const get = () => client.send(new GetSecretValueCommand({ SecretId }));
    const put = () => client.send(new PutSecretValueCommand({ SecretId, SecretString: 'x' }));
    return { get, put };
  };
}

test('a caller with permission can read a secret, by its name or its ARN', async () => {
  const as = await secrets(allow(arn, 'secretsmanager:GetSecretValue'));

  expect((await as().get()).SecretString).toBe('secret');
  expect((await as({ SecretId: 'Key' }).get()).SecretString).toBe('secret');
  await expect(as({ SecretId: 'Key' }).put()).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: notAllowed('secretsmanager:PutSecretValue', arn),
    $metadata: expect.objectContaining({ httpStatusCode: 400 }),
  });
  expect((await as({ credentials: owner }).get()).SecretString).toBe('secret');
});

test('a missing secret is reported as missing only to a caller with permission for it', async () => {
  const as = await secrets(allow(arn, 'secretsmanager:*'));

  await expect(as({ SecretId: 'Other' }).get()).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  await expect(as({ credentials: owner, SecretId: 'Other' }).get()).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a Deny outweighs every Allow', async () => {
  const as = await secrets(allow('*', 'secretsmanager:*'), deny(arn, 'secretsmanager:Get*'));

  await expect(as().get()).rejects.toThrow('with an explicit deny');
});

test.each([
  [definition.arn, 200],
  [`${definition.arn}:*`, 403],
  [`${definition.arn}2`, 403],
])('a function can be invoked only with permission for its ARN: %s', async (resource, status) => {
  const calls: unknown[] = [];
  const lambda = {
    find: () => definition,
    invoke: async (...call: unknown[]) => {
      calls.push(call);
      return { ok: true as const, payload: null };
    },
  };
  const { url, close } = await startInvokeApi({
    lambda,
    authorize: authorizerWith(allow(resource, 'lambda:InvokeFunction')),
  });
  onTestFinished(close);
  const client = new LambdaClient({
    endpoint: url,
    region,
    credentials: limitedCaller,
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());

  const response = await client
    .send(new InvokeCommand({ FunctionName: definition.name }))
    .then(({ StatusCode }) => ({ status: StatusCode }))
    .catch(({ name, message, $metadata }) => ({ name, message, status: $metadata.httpStatusCode }));

  expect(response).toEqual(
    status === 200
      ? { status }
      : {
          status,
          name: 'AccessDeniedException',
          message: notAllowed('lambda:InvokeFunction', definition.arn),
        },
  );
  expect(calls).toHaveLength(status === 200 ? 1 : 0);
});
