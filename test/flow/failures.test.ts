import { readFileSync } from 'node:fs';
import { UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { jpeg, png } from '../support/pictures.ts';
import { type Receiver, servePictures } from './receiver.ts';
import { painted, painting, startWorld, type World } from './world.ts';

const prompt = 'Make it snow';
const size = '768x768';

let world: World;
let pictures: Receiver;
let before: Record<string, number>;

beforeAll(async () => {
  pictures = await servePictures({
    '/sample.jpg': readFileSync('cli/sample.jpg'),
    '/transparent.png': png(400, 400, { colourType: 6 }),
    '/narrow.jpg': jpeg(300, 800),
    '/page.html': Buffer.from('<!doctype html><title>Not a picture</title>'),
    '/empty.jpg': Buffer.alloc(0),
  });
  world = await startWorld();
});
afterAll(async () => {
  await world?.close();
  await pictures?.close();
});
beforeEach(async () => {
  before = await world.account();
});

const run = async (image: string) => {
  const { body } = await world.create({ prompt, size, image_urls: [image] });
  return world.ended(body.id);
};
const good = () => `${pictures.url}/sample.jpg`;

// Its ledger has got longer; what the account has is the same.
const expectRefund = async () =>
  expect({ ...(await world.account()), entries: 0 }).toEqual({ ...before, entries: 0 });

test('a task that the provider fails gives every credit back', async () => {
  painting(world, { outcome: 'failed', code: 'DataInspectionFailed' });

  expect(await run(good())).toMatchObject({
    status: 'failed',
    progress: 0,
    error: { code: 'content_policy_violation', message: expect.any(String), type: 'task_error' },
    usage: { credits_used: 0 },
  });
  await expectRefund();
});

test('a busy provider is asked again until it takes the job, once', async () => {
  painting(world, { submit: 'busy', times: 2 });

  expect(await run(good())).toMatchObject({ status: 'completed' });
  expect((await painted(world)).counts).toMatchObject({ submits: 3, accepted: 1 });
});

test('a provider that stays busy is given up, and the credits come back', async () => {
  painting(world, { submit: 'busy' });

  expect(await run(good())).toMatchObject({
    status: 'failed',
    error: { code: 'resource_exhausted' },
  });
  expect((await painted(world)).counts).toMatchObject({ accepted: 0 });
  await expectRefund();
});

test('polls that are not answered do no harm', async () => {
  painting(world, { poll: 'busy', times: 2 });

  expect(await run(good())).toMatchObject({ status: 'completed' });
});

test('a job that was refused fails its task at once', async () => {
  painting(world, { submit: 'refused' });

  expect(await run(good())).toMatchObject({
    status: 'failed',
    error: { code: 'content_policy_violation' },
  });
  await expectRefund();
});

test('a submit without an answer is never repeated, and never charged', async () => {
  painting(world, { submit: 'lost' });

  expect(await run(good())).toMatchObject({ status: 'failed', error: { code: 'service_error' } });
  expect((await painted(world)).counts).toMatchObject({ submits: 1 });
  await expectRefund();
});

test.each([
  ['/transparent.png', 'image_processing_error', 'alpha channel'],
  ['/narrow.jpg', 'image_dimension_mismatch', '300×800'],
  ['/page.html', 'image_processing_error', 'image_urls[0] '],
  ['/empty.jpg', 'image_processing_error', 'is empty'],
  ['/nothing-here.jpg', 'image_processing_error', 'answered 404'],
])(
  'the picture %s fails its task as %s, saying what is wrong with it',
  async (path, code, words) => {
    const { accepted } = (await painted(world)).counts;

    const { status, error } = await run(`${pictures.url}${path}`);

    expect({ status, code: error.code }).toEqual({ status: 'failed', code });
    expect(error.message).toMatch(/^image_urls\[0\] .*\.$/);
    expect(error.message).toContain(words);
    expect((await painted(world)).counts.accepted).toBe(accepted);
    await expectRefund();
  },
);

test('a server that cannot be reached is tried again, then named', async () => {
  const { error } = await run('http://127.0.0.1:9/picture.jpg');

  expect(error).toMatchObject({
    code: 'image_processing_error',
    message: expect.stringMatching(/^image_urls\[0\] .*\.$/),
  });
  await expectRefund();
});

test('an address that only the laptop could reach is refused there, too, when it is not this machine', async () => {
  const answer = await world.create({ prompt, image_urls: ['https://169.254.169.254/latest'] });

  expect(answer).toMatchObject({
    status: 400,
    body: { error: { code: 'invalid_request', param: 'image_urls[0]' } },
  });
  await expectRefund();
});

test('a file of another account, or one that was never uploaded, is not there', async () => {
  const { body: file } = await world.call('POST', '/v1/files', { content_type: 'image/png' });

  expect(await run(file.url)).toMatchObject({
    status: 'failed',
    error: { code: 'image_processing_error', message: expect.stringContaining('never uploaded') },
  });
  await expectRefund();
});

test('uploads that never came end the task when the sweep finds it due', async () => {
  const image_uploads = [{ content_type: 'image/png' }];
  const { body } = await world.create({ prompt, image_uploads });
  await world.dynamo.send(
    new UpdateItemCommand({
      TableName: world.tableWith('id'),
      Key: marshall({ id: body.id }),
      UpdateExpression: 'SET dueAt = :past',
      ExpressionAttributeValues: marshall({ ':past': 1 }),
    }),
  );

  await world.sweep();

  expect(await world.ended(body.id)).toMatchObject({
    status: 'failed',
    error: { code: 'invalid_parameters', message: expect.stringContaining('did not arrive') },
  });
  await expectRefund();
});

test('at the end nothing is held back and the entries add up to the balance', async () => {
  const account = await world.account();
  const entries = await world.entries();
  const sum = (kind: string, field: string) =>
    entries
      .filter((entry) => entry['kind'] === kind)
      .reduce((total, entry) => total + Number(entry[field]), 0);

  expect(account['reserved']).toBe(0);
  expect(account['granted']).toBe((account['balance'] ?? 0) + (account['used'] ?? 0));
  expect(account['granted']).toBe(sum('grant', 'amount'));
  expect(account['used']).toBe(sum('settle', 'charged'));
  expect(account['balance']).toBe(
    sum('grant', 'amount') + sum('reserve', 'amount') + sum('settle', 'amount'),
  );
});
