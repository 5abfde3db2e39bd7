import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { expect, onTestFinished, test } from 'vitest';
import { startInvokeApi } from '../../../local/lambda/invoke-api.ts';
import type { Statement } from '../../../local/rights/statement.ts';
import { startSecrets } from '../../../local/secrets/secrets.ts';
import { bundled, temporaryDirectory } from '../bundle.ts';
import { allow, deny, judgeWith, notAllowed, owner, painter } from './painter.ts';

const region = 'us-east-1';
const arn = `arn:aws:secretsmanager:${region}:000000000000:secret:Key-abcdef`;
const definition = bundled('');

async function secrets(...statements: readonly Statement[]) {
  const { url, close } = await startSecrets({
    secrets: [{ id: 'Key', name: 'Key', arn, secretString: 'secret' }],
    directory: temporaryDirectory(),
    judge: judgeWith(...statements),
  });
  onTestFinished(close);
  return ({ credentials = painter, SecretId = arn } = {}) => {
    const client = new SecretsManagerClient({ endpoint: url, region, credentials, maxAttempts: 1 });
    onTestFinished(() => client.destroy());
    const get = () => client.send(new GetSecretValueCommand({ SecretId }));
    const put = () => client.send(new PutSecretValueCommand({ SecretId, SecretString: 'x' }));
    return { get, put };
  };
}

test('a secret is read by those who may, by whatever name they call it', async () => {
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

test('whether a secret exists is told to those who may ask for it', async () => {
  const as = await secrets(allow(arn, 'secretsmanager:*'));

  await expect(as({ SecretId: 'Other' }).get()).rejects.toMatchObject({
    name: 'AccessDeniedException',
  });
  await expect(as({ credentials: owner, SecretId: 'Other' }).get()).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

test('a word against it outweighs every word for it', async () => {
  const as = await secrets(allow('*', 'secretsmanager:*'), deny(arn, 'secretsmanager:Get*'));

  await expect(as().get()).rejects.toThrow('with an explicit deny');
});

test.each([
  [definition.arn, 200],
  [`${definition.arn}:*`, 403],
  [`${definition.arn}2`, 403],
])('a function is invoked by those who may invoke it: %s', async (resource, status) => {
  const calls: unknown[] = [];
  const lambda = {
    find: () => definition,
    invoke: async (...call: unknown[]) => {
      calls.push(call);
      return { ok: true as const, payload: null };
    },
  };
  const { url, close } = await startInvokeApi({
    ...{ lambda, judge: judgeWith(allow(resource, 'lambda:InvokeFunction')) },
  });
  onTestFinished(close);
  const client = new LambdaClient({ endpoint: url, region, credentials: painter, maxAttempts: 1 });
  onTestFinished(() => client.destroy());

  const answer = await client
    .send(new InvokeCommand({ FunctionName: definition.name }))
    .then(({ StatusCode }) => ({ status: StatusCode }))
    .catch(({ name, message, $metadata }) => ({ name, message, status: $metadata.httpStatusCode }));

  expect(answer).toEqual(
    status === 200
      ? { status }
      : {
          ...{ status, name: 'AccessDeniedException' },
          message: notAllowed('lambda:InvokeFunction', definition.arn),
        },
  );
  expect(calls).toHaveLength(status === 200 ? 1 : 0);
});
