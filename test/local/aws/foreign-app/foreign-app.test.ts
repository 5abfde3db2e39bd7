import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { type Aws, startAws } from '../../../../local/aws/start-aws.ts';
import { synthesiseOrders } from './orders-stack.ts';

const Order = z.object({ id: z.string(), status: z.string(), receipt: z.string().optional() });
const temporary = mkdtempSync(join(tmpdir(), 'foreign-'));
let aws: Aws;
let outdir: string;

beforeAll(async () => {
  outdir = synthesiseOrders({ outdir: join(temporary, 'out'), bundles: join(temporary, 'code') });
  aws = await startAws({
    outdir,
    dataDir: join(temporary, 'data'),
    parameters: { Pause: '2' },
    speed: 10,
  });
}, 120_000);

afterAll(async () => {
  await aws?.close();
  rmSync(temporary, { recursive: true });
});

/** How a client of the SDK is configured that belongs to the operator. */
const operator = (service: 'DYNAMODB' | 'S3' | 'SFN') => ({
  region: 'us-east-1',
  endpoint: aws.environment[`AWS_ENDPOINT_URL_${service}`] ?? '',
  credentials: {
    accessKeyId: aws.environment['AWS_ACCESS_KEY_ID'] ?? '',
    secretAccessKey: aws.environment['AWS_SECRET_ACCESS_KEY'] ?? '',
  },
  forcePathStyle: true,
});

const output = (name: string) => aws.outputs[name] ?? '';

async function placeOrder(items: readonly object[]) {
  const response = await fetch(`${output('Url')}/orders`, {
    method: 'POST',
    body: JSON.stringify({ items }),
  });
  expect(response.status).toBe(201);
  return Order.parse(await response.json());
}

const readOrder = async (id: string) =>
  Order.parse(await (await fetch(`${output('Url')}/orders/${id}`)).json());

/** Repeats the read until it is done. Otherwise the time limit of the test ends the loop. */
async function until<T>(read: () => Promise<T>, isDone: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await read();
    if (isDone(value)) return value;
    await setTimeout(50);
  }
}

const executionArn = (id: string) =>
  `${output('MachineArn').replace(':stateMachine:', ':execution:')}:${id}`;

test('an order goes from the route through the workflow to the bucket and back to the table', async () => {
  const { id, status } = await placeOrder([
    { name: 'apple', quantity: 3 },
    { name: 'pear', quantity: 1 },
  ]);
  const done = await until(
    () => readOrder(id),
    (order) => order.status === 'done',
  );

  expect({ status, done }).toEqual({
    status: 'new',
    done: { id, status: 'done', receipt: `receipts/${id}.json` },
  });

  const s3 = new S3Client(operator('S3'));
  const { Body } = await s3.send(
    new GetObjectCommand({ Bucket: output('BucketName'), Key: `receipts/${id}.json` }),
  );
  expect(JSON.parse((await Body?.transformToString()) ?? '')).toEqual({
    lines: [
      { name: 'apple', price: '1.5 EUR' },
      { name: 'pear', price: '0.8 EUR' },
    ],
  });
  s3.destroy();

  const dynamoDb = new DynamoDBClient(operator('DYNAMODB'));
  const { Items = [] } = await dynamoDb.send(new ScanCommand({ TableName: output('TableName') }));
  expect(Items.map((item) => unmarshall(item)).find((item) => item['id'] === id)).toMatchObject({
    status: 'done',
    items: [
      { name: 'apple', quantity: 3 },
      { name: 'pear', quantity: 1 },
    ],
  });
  dynamoDb.destroy();
});

test('an order without items takes the other branch of the workflow', async () => {
  const { id } = await placeOrder([]);
  const sfn = new SFNClient(operator('SFN'));
  const describe = () => sfn.send(new DescribeExecutionCommand({ executionArn: executionArn(id) }));
  const { status } = await until(describe, (execution) => execution.status !== 'RUNNING');
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn: executionArn(id) }),
  );
  sfn.destroy();

  expect(status).toBe('SUCCEEDED');
  expect(events.flatMap(({ stateEnteredEventDetails: entered }) => entered?.name ?? [])).toEqual([
    'Has it items',
    'Nothing to do',
    'Done',
  ]);
  expect(await readOrder(id)).toEqual({ id, status: 'new' });
});

test('a path without a route is not found', async () => {
  expect((await fetch(`${aws.url}/receipts`)).status).toBe(404);
});

test('a request to a service that is not emulated stays on this machine, and is refused', async () => {
  const response = await fetch(aws.environment['AWS_ENDPOINT_URL'] ?? '', { method: 'POST' });

  expect([response.status, response.headers.get('x-amzn-errortype')]).toEqual([501, 'NotEmulated']);
});
