import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import * as z from 'zod';
import { type Body, openStack, type TestStack, until, upload } from '../flow/open-stack.ts';
import { type Receiver, serveImages, startReceiver } from '../flow/receiver.ts';
import { type AwsRequest, type RestRequest, recordAwsRequests } from '../support/aws-requests.ts';
import { runPython } from './python.ts';

// Checks the real requests of the SDK in the functions against AWS's own models of the services, which botocore brings.
// The local stack accepts some requests that AWS would not.

const emulator = inject('emulator');
const sample = readFileSync('cli/sample.jpg');
const generation = { prompt: 'Make it snow', size: '768x768' };
const image_uploads = [{ content_type: 'image/jpeg' }];

const Report = z.object({
  valid: z.record(z.string(), z.number()),
  validationErrors: z.array(z.string()),
});

/** Validates requests in Python. */
const validate = async (requests: readonly AwsRequest[]) =>
  Report.parse(
    JSON.parse(
      await runPython(['test/emulator/validate_requests.py'], {
        lines: requests.map((one) => JSON.stringify(one)),
      }),
    ),
  );

describe.skipIf(!emulator)('the requests of the functions', () => {
  const { requests, stop } = recordAwsRequests();
  let stack: TestStack;
  let images: Receiver;
  let callbacks: Receiver;

  beforeAll(async () => {
    images = await serveImages({ '/sample.jpg': sample });
    callbacks = await startReceiver(500, 200);
    stack = await openStack({ outdir: inject('outdir') });
    await useEveryRoute();
    await stack.close();
    stop();
  }, 300_000);
  afterAll(async () => {
    stop();
    await images?.close();
    await callbacks?.close();
  });

  /** Lets tasks end in several ways, and calls every route. */
  async function useEveryRoute() {
    const { create, call, endedTask } = stack;
    const image_urls = [`${images.url}/sample.jpg`];
    const headers = { 'idempotency-key': 'order-4711-attempt-1' };
    const request = { ...generation, n: 2, image_urls, metadata: { order: '7' } };
    const { body: done } = await create({ ...request, callback_url: callbacks.url }, headers);
    await create({ ...request, callback_url: callbacks.url }, headers);
    await create({ ...request, n: 1 }, headers);
    const { body: uploaded } = await create({ ...generation, image_uploads });
    await upload(uploaded.uploads[0], sample);
    const { body: abandoned } = await create({ ...generation, image_uploads });
    await call('POST', `/v1/tasks/${abandoned.id}/cancel`);
    const ended = [done.id, uploaded.id, abandoned.id];
    for (const id of ended) await endedTask(id);

    stack.mockProvider.control({ durations: [600] });
    const { body: cancelled } = await create(request);
    await processing(cancelled.id);
    await call('POST', `/v1/tasks/${cancelled.id}/cancel`);
    await endedTask(cancelled.id);
    const { body: aborted } = await create(request);
    await processing(aborted.id);
    stack.faults.endExecution(aborted.id, 'ABORTED');
    await endedTask(aborted.id);
    await stack.reconcile();

    await call('POST', `/v1/tasks/${done.id}/callback`);
    await call('POST', '/v1/files', { content_type: 'image/jpeg' });
    await call('POST', '/v1/tasks/batch', { task_ids: ended });
    const { body: page } = await call('GET', '/v1/tasks?limit=1&status=completed');
    await call('GET', `/v1/tasks?limit=1&status=completed&cursor=${page.next_cursor}`);
    await call('DELETE', `/v1/tasks/${uploaded.id}`);
    for (const path of ['/v1/credits', '/v1/models', '/healthz']) await call('GET', path);
    await operate();
  }

  const processing = (id: string) =>
    until(
      () => stack.call('GET', `/v1/tasks/${id}`),
      ({ body }) => body.status === 'processing',
    );

  async function operate() {
    const admin = async (method: string, path: string, body?: object): Promise<Body> => {
      const authorization = `Bearer ${stack.keys.adminKey}`;
      const response = await stack.call(method, `/v1/admin${path}`, body, { authorization });
      expect([path, response.status]).toEqual([path, 200]);
      return response.body;
    };
    await admin('POST', '/accounts', { id: 'studio', limits: { tasks_in_flight: 20 } });
    await admin('POST', '/accounts/studio/credits', { credits: 10, note: 'invoice 7' });
    await admin('POST', '/accounts/studio/credits', { credits: -1 });
    await admin('PATCH', '/accounts/studio', { user_group: 'vip' });
    await admin('POST', '/accounts/studio/webhook-secret');
    const key = await admin('POST', '/keys', {
      account: 'studio',
      name: 'website',
      daily_limit_credits: 10,
      reset_timezone: 'Europe/Berlin',
    });
    await admin('PATCH', `/keys/${key.id}`, { name: 'other', enabled: false });
    await admin('GET', `/keys/${key.id}`);
    for (const path of ['/accounts?limit=1', '/accounts/studio', '/accounts/studio/entries']) {
      await admin('GET', path);
    }
    await admin('GET', '/keys?account=studio&limit=1');
    await admin('DELETE', `/keys/${key.id}`);
  }

  test('are all valid by the models of their services', async () => {
    const { valid, validationErrors } = await validate(requests);
    const count = Object.values(valid).reduce((sum, one) => sum + one, 0);
    process.stdout.write(`Validated ${count} requests of the functions to AWS.\n`);

    expect(validationErrors).toEqual([]);
    expect(Object.keys(valid).sort()).toEqual([
      'dynamodb BatchGetItem',
      'dynamodb GetItem',
      'dynamodb Query',
      'dynamodb TransactWriteItems',
      'dynamodb UpdateItem',
      'lambda Invoke',
      's3 DeleteObject',
      's3 GetObject',
      's3 ListObjectVersions',
      's3 ListObjectsV2',
      's3 PutObject',
      'secretsmanager GetSecretValue',
      'stepfunctions DescribeExecution',
      'stepfunctions SendTaskFailure',
      'stepfunctions SendTaskHeartbeat',
      'stepfunctions SendTaskSuccess',
      'stepfunctions StartExecution',
    ]);
    expect(count).toBe(requests.length);
  });
});

const s3 = (method: string, url: string, headers = {}): RestRequest => ({
  service: 's3',
  method,
  url,
  headers,
  hasBody: false,
});
const invoke = (name: string, headers = {}): RestRequest => ({
  service: 'lambda',
  method: 'POST',
  url: `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
  headers,
  hasBody: true,
});

describe.skipIf(!emulator)('the validation', () => {
  test.each<[string, AwsRequest, string]>([
    [
      'an unknown operation',
      { service: 'dynamodb', operation: 'GetItems', input: {} },
      'dynamodb has no operation GetItems',
    ],
    [
      'a missing field',
      { service: 'stepfunctions', operation: 'StartExecution', input: { name: 'a' } },
      'Missing required parameter in input: "stateMachineArn"',
    ],
    [
      'an unknown field',
      { service: 'secretsmanager', operation: 'GetSecretValue', input: { SecretId: 'a', Id: 'a' } },
      'Unknown parameter in input: "Id"',
    ],
    [
      'a number where a text belongs',
      {
        service: 'dynamodb',
        operation: 'GetItem',
        input: { TableName: 'abc', Key: { id: { N: 1 } } },
      },
      'Invalid type for parameter Key.id.N',
    ],
    [
      'a value that is too long',
      {
        service: 'stepfunctions',
        operation: 'StartExecution',
        input: { stateMachineArn: 'arn', name: 'a'.repeat(81) },
      },
      '.name is 81, and the maximum is 80',
    ],
    [
      'a value that is not allowed',
      {
        service: 'dynamodb',
        operation: 'PutItem',
        input: { TableName: 'abc', Item: {}, ReturnValues: 'EVERYTHING' },
      },
      '.ReturnValues is none of',
    ],
    ['a method that no operation has there', s3('PATCH', '/pictures/a'), 'no operation has this'],
    [
      'another operation than the SDK names',
      s3('PUT', '/pictures/a?x-id=GetObject'),
      'no operation has this method, path and query and the name GetObject',
    ],
    [
      'a missing query parameter',
      s3('PUT', '/pictures/a?partNumber=1&x-id=UploadPart'),
      'Missing required parameter in input: "UploadId"',
    ],
    [
      'a missing header',
      s3('PUT', '/pictures/a?x-id=CopyObject'),
      'Missing required parameter in input: "CopySource"',
    ],
    [
      'an unknown query parameter',
      s3('GET', '/pictures?list-type=2&starts-with=a'),
      's3 ListObjectsV2: the query parameter starts-with belongs to no member',
    ],
    [
      'a query parameter that is given twice',
      s3('GET', '/pictures?list-type=2&prefix=a&prefix=b'),
      'the query has prefix twice',
    ],
    [
      'an unknown header',
      s3('PUT', '/pictures/a', { 'x-amz-acls': 'private' }),
      's3 PutObject: the header x-amz-acls belongs to no member',
    ],
    [
      'a text where a number belongs',
      s3('GET', '/pictures?list-type=2&max-keys=all'),
      'MaxKeys is no integer: all',
    ],
    [
      'a header with a value that is not allowed',
      s3('PUT', '/pictures/a', { 'x-amz-storage-class': 'COLD' }),
      '.StorageClass is none of',
    ],
    ['a body where none belongs', { ...s3('GET', '/pictures/a'), hasBody: true }, 'has no body'],
    ['a name that cannot be', invoke('a b'), '.FunctionName does not match'],
    [
      'a header of Lambda with a value that is not allowed',
      invoke('poll', { 'x-amz-invocation-type': 'Later' }),
      '.InvocationType is none of',
    ],
  ])('reports %s', async (_, request, validationError) => {
    const { validationErrors } = await validate([request]);

    expect(validationErrors).toContainEqual(expect.stringContaining(validationError));
  });

  test('accepts what the SDK, HTTP and a signature add, and reads names that are encoded', async () => {
    const signature = 'X-Amz-Signature=a&X-Amz-Expires=60&X-Amz-Credential=b';

    const { validationErrors, valid } = await validate([
      s3('GET', `/pictures/a%20b/c%2Bd?x-id=GetObject&${signature}`, { range: 'bytes=0-1' }),
      s3('PUT', '/pictures/a', { 'x-amz-meta-owner': 'shop', 'x-amz-date': '20260302T093040Z' }),
      invoke('arn:aws:lambda:us-east-1:123456789012:function:poll'),
    ]);

    expect(validationErrors).toEqual([]);
    expect(valid).toEqual({ 's3 GetObject': 1, 's3 PutObject': 1, 'lambda Invoke': 1 });
  });
});
