import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { S3Event } from 'aws-lambda';

const dynamoDb = new DynamoDBClient();

/** A new receipt in the bucket: its order is done. */
export async function handler({ Records }: S3Event) {
  for (const { s3 } of Records) {
    const [, id] = /^receipts\/(.+)\.json$/.exec(s3.object.key) ?? [];
    await dynamoDb.send(
      new UpdateItemCommand({
        TableName: process.env['ORDERS'],
        Key: marshall({ id }),
        UpdateExpression: 'SET #status = :done, receipt = :key',
        ExpressionAttributeNames: { '#status': 'status' },
        ExpressionAttributeValues: marshall({ ':done': 'done', ':key': s3.object.key }),
      }),
    );
  }
}
