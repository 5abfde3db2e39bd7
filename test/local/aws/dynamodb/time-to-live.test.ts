import {
  DescribeTimeToLiveCommand,
  PutItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { expect, test } from 'vitest';
import { emptyDir, item, localDynamoDb, N, S, startMs, TableName } from './local-dynamodb.ts';

const startSeconds = startMs / 1000;
const specify = (Enabled: boolean, AttributeName: string) =>
  new UpdateTimeToLiveCommand({
    TableName,
    TimeToLiveSpecification: { Enabled, AttributeName },
  });

test('only expired items are deleted', async () => {
  const { client, clock, find, deleteExpired } = await localDynamoDb();
  const fiveYears = 5 * 366 * 24 * 60 * 60;
  await client.send(new PutItemCommand(item('over', { expires: N(startSeconds + 60) })));
  await client.send(new PutItemCommand(item('later', { expires: N(startSeconds + 61) })));
  await client.send(new PutItemCommand(item('long ago', { expires: N(startSeconds - fiveYears) })));
  await client.send(new PutItemCommand(item('text', { expires: S('1') })));
  await client.send(new PutItemCommand(item('never')));
  clock.ms = startMs + 60_000;

  await deleteExpired();

  expect(await find('over')).toBeUndefined();
  for (const id of ['later', 'long ago', 'text', 'never']) expect(await find(id)).toBeDefined();
});

test('an item with its time in milliseconds does not expire, as on AWS', async () => {
  const { client, clock, find, deleteExpired } = await localDynamoDb();
  await client.send(new PutItemCommand(item('mistaken', { expires: N(startMs + 1000) })));
  clock.ms = startMs + 60_000;

  await deleteExpired();

  expect(await find('mistaken')).toBeDefined();
});

test('more items than one page holds are all deleted', async () => {
  const { client, clock, find, deleteExpired } = await localDynamoDb();
  const text = S('x'.repeat(300_000));
  for (const n of [1, 2, 3, 4, 5, 6])
    await client.send(new PutItemCommand(item(`big-${n}`, { text, expires: N(startSeconds) })));
  clock.ms = startMs + 1000;

  await deleteExpired();

  for (const n of [1, 2, 3, 4, 5, 6]) expect(await find(`big-${n}`)).toBeUndefined();
});

test('items that expired while the database was down are deleted at the start', async () => {
  const dataDir = await emptyDir();
  const first = await localDynamoDb({ dataDir });
  await first.client.send(new PutItemCommand(item('old', { expires: N(startSeconds - 1) })));
  await first.close();

  const second = await localDynamoDb({ dataDir });

  expect(await second.find('old')).toBeUndefined();
});

test('expired items are deleted at regular intervals', async () => {
  const { client, clock, find } = await localDynamoDb({ ttlIntervalMs: 5 });
  await client.send(new PutItemCommand(item('over', { expires: N(startSeconds + 60) })));

  clock.ms = startMs + 60_000;

  await expect.poll(() => find('over'), { interval: 5 }).toBeUndefined();
});

test('it can be described, disabled and enabled, and not twice in a row', async () => {
  const { client } = await localDynamoDb();
  const described = async () =>
    (await client.send(new DescribeTimeToLiveCommand({ TableName }))).TimeToLiveDescription;
  expect(await described()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });

  for (const [enabled, name, message] of [
    [true, 'expires', 'TimeToLive is already enabled'],
    [true, 'other', 'TimeToLive is active on a different AttributeName'],
  ] as const)
    await expect(client.send(specify(enabled, name))).rejects.toMatchObject({
      name: 'ValidationException',
      message,
    });

  await client.send(specify(false, 'expires'));
  expect(await described()).toEqual({ TimeToLiveStatus: 'DISABLED' });
  await expect(client.send(specify(false, 'expires'))).rejects.toMatchObject({
    message: 'TimeToLive is already disabled',
  });

  await client.send(specify(true, 'other'));
  expect(await described()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'other' });
});
