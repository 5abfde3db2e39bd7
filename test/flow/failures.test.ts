import { readFileSync } from 'node:fs';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { jpeg, png } from '../support/pictures.ts';
import { mockProviderState, type TestStack } from './open-stack.ts';
import { type Receiver, serveImages } from './receiver.ts';
import { controlProvider, startStack } from './start-stack.ts';

const prompt = 'Make it snow';
const size = '768x768';

let stack: TestStack;
let imageServer: Receiver;
let before: Awaited<ReturnType<TestStack['account']>>;

beforeAll(async () => {
  imageServer = await serveImages({
    '/sample.jpg': readFileSync('cli/sample.jpg'),
    '/transparent.png': png(400, 400, { colourType: 6 }),
    '/narrow.jpg': jpeg(300, 800),
    '/page.html': Buffer.from('<!doctype html><title>Not a picture</title>'),
    '/empty.jpg': Buffer.alloc(0),
    '/cut.jpg': readFileSync('cli/sample.jpg').subarray(0, 20_000),
  });
  stack = await startStack();
});
afterAll(async () => {
  await stack?.close();
  await imageServer?.close();
});
beforeEach(async () => {
  before = await stack.account();
});

const runTask = async (image: string) => {
  const { body } = await stack.create({ prompt, size, image_urls: [image] });
  return stack.endedTask(body.id);
};
const sampleUrl = () => `${imageServer.url}/sample.jpg`;

const expectRefund = async () => expect(await stack.account()).toEqual(before);

test('a task that fails at the provider is refunded in full', async () => {
  controlProvider(stack, { outcome: 'failed', code: 'DataInspectionFailed' });

  expect(await runTask(sampleUrl())).toMatchObject({
    status: 'failed',
    progress: 0,
    error: { code: 'content_policy_violation', message: expect.any(String), type: 'task_error' },
    usage: { credits_used: 0 },
  });
  await expectRefund();
});

// These come before the tests of busy providers: afterwards, tasks go to other providers for a while.
test('polls that fail do not fail the task', async () => {
  controlProvider(stack, { poll: 'busy', times: 2 });

  expect(await runTask(sampleUrl())).toMatchObject({ status: 'completed' });
});

test('a submit without a response is never repeated, and never charged', async () => {
  controlProvider(stack, { submit: 'lost' });

  expect(await runTask(sampleUrl())).toMatchObject({
    status: 'failed',
    error: { code: 'service_error' },
  });
  expect((await mockProviderState(stack)).counts).toMatchObject({ submits: 1 });
  await expectRefund();
});

test('a submit is retried while the provider is busy, and the job is accepted once', async () => {
  controlProvider(stack, { submit: 'busy', times: 2 });

  expect(await runTask(sampleUrl())).toMatchObject({ status: 'completed' });
  expect((await mockProviderState(stack)).counts).toMatchObject({ submits: 3, accepted: 1 });
});

test('a task whose providers are all busy for longer waits for them, and is generated', async () => {
  // Two quick retries at the first provider, and then all three of them.
  controlProvider(stack, { submit: 'busy', times: 5 });

  expect(await runTask(sampleUrl())).toMatchObject({ status: 'completed' });
  expect((await mockProviderState(stack)).counts).toMatchObject({ submits: 6, accepted: 1 });
});

test('a job that the provider rejects fails its task at once, and is refunded', async () => {
  controlProvider(stack, { submit: 'refused' });

  expect(await runTask(sampleUrl())).toMatchObject({
    status: 'failed',
    error: { code: 'content_policy_violation' },
  });
  await expectRefund();
});

test.each([
  ['/transparent.png', 'image_processing_error', 'alpha channel'],
  ['/narrow.jpg', 'image_dimension_mismatch', '300×800'],
  ['/page.html', 'image_processing_error', 'image_urls[0] '],
  ['/empty.jpg', 'image_processing_error', 'is empty'],
  ['/nothing-here.jpg', 'image_processing_error', 'answered 404'],
])('the image %s fails its task as %s with a message that says why', async (path, code, reason) => {
  const { accepted } = (await mockProviderState(stack)).counts;

  const { status, error } = await runTask(`${imageServer.url}${path}`);

  expect({ status, code: error.code }).toEqual({ status: 'failed', code });
  expect(error.message).toMatch(/^image_urls\[0\] .*\.$/);
  expect(error.message).toContain(reason);
  expect((await mockProviderState(stack)).counts.accepted).toBe(accepted);
  await expectRefund();
});

test('a picture that is cut off is refused before the provider is asked, and the message names it', async () => {
  const { body } = await stack.create({
    prompt,
    size,
    image_urls: [sampleUrl(), `${imageServer.url}/cut.jpg`],
  });

  expect(await stack.endedTask(body.id)).toMatchObject({
    status: 'failed',
    error: {
      code: 'image_processing_error',
      message: 'image_urls[1] is a JPEG that is cut off (it ends too early); send the whole file.',
    },
  });
  expect((await mockProviderState(stack)).counts).toMatchObject({ submits: 0 });
  await expectRefund();
});

test('an unreachable image server fails the task with a message that names the image', async () => {
  const { error } = await runTask('http://127.0.0.1:9/picture.jpg');

  expect(error).toMatchObject({
    code: 'image_processing_error',
    message: expect.stringMatching(/^image_urls\[0\] .*\.$/),
  });
  await expectRefund();
});

test('the local stack refuses private addresses except its own', async () => {
  const response = await stack.create({ prompt, image_urls: ['https://169.254.169.254/latest'] });

  expect(response).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request', param: 'image_urls[0]' } },
  });
  await expectRefund();
});

test('a file that was never uploaded fails its task', async () => {
  const { body: file } = await stack.call('POST', '/v1/files', { content_type: 'image/png' });

  expect(await runTask(file.url)).toMatchObject({
    status: 'failed',
    error: { code: 'image_processing_error', message: expect.stringContaining('never uploaded') },
  });
  await expectRefund();
});

test('a task whose uploads never arrive is failed by the reconciler', async () => {
  const image_uploads = [{ content_type: 'image/png' }];
  const { body } = await stack.create({ prompt, image_uploads });
  await stack.dynamoDb.send(
    new UpdateItemCommand({
      TableName: stack.tableWithKey('id'),
      Key: marshall({ id: body.id, part: 'state' }),
      UpdateExpression: 'SET nextCheckAt = :past',
      ExpressionAttributeValues: marshall({ ':past': 1 }),
    }),
  );

  await stack.reconcile();

  expect(await stack.endedTask(body.id)).toMatchObject({
    status: 'failed',
    error: { code: 'invalid_parameters', message: expect.stringContaining('did not arrive') },
  });
  await expectRefund();
});

test('when all tasks have ended, nothing is reserved and the entries add up to the balance', async () => {
  const account = await stack.account();
  const entries = await stack.entries();
  const sum = (kind: string, field: string) =>
    entries
      .filter((entry) => entry['kind'] === kind)
      .reduce((total, entry) => total + Number(entry[field]), 0);

  expect(account.reserved).toBe(0);
  expect(account.granted).toBe(account.balance + account.used);
  expect(account.granted).toBe(sum('grant', 'amount'));
  expect(account.used).toBe(sum('settle', 'charged'));
  expect(account.balance).toBe(
    sum('grant', 'amount') + sum('reserve', 'amount') + sum('settle', 'amount'),
  );
});
