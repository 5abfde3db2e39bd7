import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { openStack, type TestStack, upload } from './open-stack.ts';
import { serveImages } from './receiver.ts';
import { storedPictures } from './stored-pictures.ts';
import { type Grant, outdirWithoutGrant } from './without-grant.ts';

const sample = readFileSync('cli/sample.jpg');
const generation = { prompt: 'Make it snow', size: '768x768' };

/** Starts the local stack with one grant missing. */
async function stackWithout(grant: Grant): Promise<TestStack> {
  const stack = await openStack({ outdir: outdirWithoutGrant(grant) });
  onTestFinished(stack.close);
  return stack;
}

async function serveSample(): Promise<string> {
  const imageServer = await serveImages({ '/sample.jpg': sample });
  onTestFinished(imageServer.close);
  return `${imageServer.url}/sample.jpg`;
}

const countTasks = async ({ dynamoDb, tableWithKey }: TestStack) =>
  (await dynamoDb.send(new ScanCommand({ TableName: tableWithKey('id') }))).Count;

const logsOf = ({ dataDir }: TestStack) =>
  readdirSync(join(dataDir, 'logs'))
    .map((file) => readFileSync(join(dataDir, 'logs', file), 'utf8'))
    .join('');

test('a route whose function lacks a permission answers 500, and nothing is written', async () => {
  const stack = await stackWithout({
    role: 'RoutesCreateTask',
    action: 'dynamodb:PutItem',
    resource: 'TablesTasks',
  });
  const before = { account: await stack.account(), entries: await stack.entries() };

  const { status, body } = await stack.create({ ...generation, image_urls: [await serveSample()] });

  expect({ status, body }).toEqual({
    status: 500,
    body: {
      error: {
        code: 'internal_error',
        message: expect.not.stringMatching(/dynamodb|arn:/i),
        type: 'api_error',
        param: null,
      },
    },
  });
  expect({ account: await stack.account(), entries: await stack.entries() }).toEqual(before);
  expect(await countTasks(stack)).toBe(0);
  expect(logsOf(stack)).toMatch(
    /is not authorized to perform: dynamodb:PutItem on resource: [^ ]+TablesTasks/,
  );
});

test('an upload is refused when the function that signed its form may not write to the bucket', async () => {
  const stack = await stackWithout({
    role: 'RoutesCreateTask',
    action: 's3:PutObject',
    resource: 'BucketsInputs',
  });
  const { status, body } = await stack.create({
    ...generation,
    image_uploads: [{ content_type: 'image/jpeg' }],
  });

  expect(status).toBe(200);
  expect(await upload(body.uploads[0], sample)).toBe(403);
  expect(stack.executionEvents).toEqual([]);
});

test('a task fails without a charge when the state machine may not invoke one of its functions', async () => {
  const stack = await stackWithout({
    role: 'WorkflowMachine',
    action: 'lambda:InvokeFunction',
    resource: 'WorkflowSubmitTask',
  });
  const before = await stack.account();
  const { body } = await stack.create({ ...generation, image_urls: [await serveSample()] });

  expect(await stack.endedTask(body.id)).toMatchObject({
    status: 'failed',
    error: { code: 'service_error' },
    usage: { credits_used: 0 },
  });
  expect(stack.executionEvents.map(({ error }) => error)).toContain('Lambda.AWSLambdaException');
  expect(await stack.account()).toEqual(before);
});

test('a deletion answers 500 when a picture may not be deleted, and says 404 of the task all the same', async () => {
  const stack = await stackWithout({
    role: 'DeletionDeletePictures',
    action: 's3:DeleteObjectVersion',
    resource: 'BucketsResults',
  });
  const { body } = await stack.create({ ...generation, image_urls: [await serveSample()] });
  await stack.endedTask(body.id);

  const { status, body: refused } = await stack.call('DELETE', `/v1/tasks/${body.id}`);

  expect([status, refused.error.code]).toEqual([500, 'internal_error']);
  expect((await stack.call('GET', `/v1/tasks/${body.id}`)).status).toBe(404);
  expect(await storedPictures(stack, body.id)).toEqual([`results/${body.id}/1.png`]);
  expect(await stack.taskItem(body.id)).toMatchObject({ nextCheckAt: expect.any(Number) });
  expect(logsOf(stack)).toMatch(/pictures\.not_deleted/);
});
