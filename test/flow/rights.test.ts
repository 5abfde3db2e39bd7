import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { expect, onTestFinished, test } from 'vitest';
import { openWorld } from './open-world.ts';
import { servePictures } from './receiver.ts';
import { type Grant, outdirWithout } from './without-grants.ts';
import { upload, type World } from './world.ts';

const sample = readFileSync('cli/sample.jpg');
const wish = { prompt: 'Make it snow', size: '768x768' };

/** The laptop, running a stack in which somebody may not do something. */
async function worldWithout(grant: Grant): Promise<World> {
  const world = await openWorld({ outdir: outdirWithout(grant) });
  onTestFinished(world.close);
  return world;
}

async function pictureAddress(): Promise<string> {
  const pictures = await servePictures({ '/sample.jpg': sample });
  onTestFinished(pictures.close);
  return `${pictures.url}/sample.jpg`;
}

const tasksIn = async ({ dynamo, tableWith }: World) =>
  (await dynamo.send(new ScanCommand({ TableName: tableWith('id') }))).Count;

const logsOf = ({ dataDir }: World) =>
  readdirSync(join(dataDir, 'logs'))
    .map((file) => readFileSync(join(dataDir, 'logs', file), 'utf8'))
    .join('');

test('a route whose function lacks one right answers with an error, and has changed nothing', async () => {
  const world = await worldWithout({
    ...{ role: 'RoutesCreateTask', action: 'dynamodb:PutItem', resource: 'TablesTasks' },
  });
  const before = { account: await world.account(), entries: await world.entries() };

  const { status, body } = await world.create({ ...wish, image_urls: [await pictureAddress()] });

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
  expect({ account: await world.account(), entries: await world.entries() }).toEqual(before);
  expect(await tasksIn(world)).toBe(0);
  expect(logsOf(world)).toMatch(
    /is not authorized to perform: dynamodb:PutItem on resource: [^ ]+TablesTasks/,
  );
});

test('an upload goes nowhere when the function that signed its form may not write there', async () => {
  const world = await worldWithout({
    ...{ role: 'RoutesCreateTask', action: 's3:PutObject', resource: 'BucketsInputs' },
  });
  const { status, body } = await world.create({
    ...{ ...wish, image_uploads: [{ content_type: 'image/jpeg' }] },
  });

  expect(status).toBe(200);
  expect(await upload(body.uploads[0], sample)).toBe(403);
  expect(world.transitions).toEqual([]);
});

test('a task fails, and costs nothing, when the machine may not call one of its functions', async () => {
  const world = await worldWithout({
    ...{ role: 'WorkflowMachine', action: 'lambda:InvokeFunction', resource: 'WorkSubmitTask' },
  });
  const before = await world.account();
  const { body } = await world.create({ ...wish, image_urls: [await pictureAddress()] });

  expect(await world.ended(body.id)).toMatchObject({
    status: 'failed',
    error: { code: 'service_error' },
    usage: { credits_used: 0 },
  });
  expect(world.transitions.map(({ error }) => error)).toContain('Lambda.AWSLambdaException');
  expect({ ...(await world.account()), entries: 0 }).toEqual({ ...before, entries: 0 });
});
