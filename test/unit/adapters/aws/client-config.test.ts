import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeLimitsCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import {
  clientConfig,
  runnerClientConfig,
  s3ClientConfig,
} from '../../../../functions/adapters/aws/client-config.ts';
import { serve } from '../outbound/server.ts';

test('every client of the SDK has limits for its connections and its requests', () => {
  const functions = join(import.meta.dirname, '../../../../functions');
  const made = readdirSync(functions, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .flatMap(
      (file) => readFileSync(join(functions, file), 'utf8').match(/new \w+Client\(.*?\)/g) ?? [],
    );

  expect(made.length).toBeGreaterThan(30);
  for (const one of made) {
    expect(one).toMatch(
      /^new (S3Client\(s3ClientConfig|LambdaClient\(runnerClientConfig|(?!S3)\w+Client\(clientConfig)\)$/,
    );
  }
  // Only one client waits for another function, so only it gets more time.
  expect(made.filter((one) => one.includes('runnerClientConfig'))).toHaveLength(1);
});

test('no client of the SDK copies its requests and responses for a log that nobody reads', () => {
  for (const { logger } of [clientConfig, runnerClientConfig, s3ClientConfig]) {
    expect(Object.keys(logger).toSorted()).toEqual(['debug', 'warn']);
  }
});

test('a service that does not answer ends the request with an error', async () => {
  await using server = await serve(() => {});
  const client = new DynamoDBClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    endpoint: server.url,
    maxAttempts: 1,
    requestHandler: { ...clientConfig.requestHandler, requestTimeout: 50 },
  });
  onTestFinished(() => client.destroy());

  await expect(client.send(new DescribeLimitsCommand())).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

test('a request to S3 has more time, since it carries a picture', () => {
  expect(s3ClientConfig.requestHandler.requestTimeout).toBeGreaterThan(
    clientConfig.requestHandler.requestTimeout,
  );
});
