import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import type { Pause } from '../../local/aws/dynamodb/pause.ts';
import { startDynamoDb } from '../../local/aws/dynamodb/start-dynamodb.ts';
import { sdkConfig, tables } from './template-resources.ts';

/**
 * The local stack's DynamoDB for one test, in memory, with the tables of the template. Its calls overlap, and may
 * conflict, only where they pause.
 */
export async function dynamoDb(pause?: Pause) {
  const { url, deleteExpired, close } = await startDynamoDb({ tables, pause });
  onTestFinished(close);
  return { url, deleteExpired, client: dynamoDbClient(url) };
}

export function dynamoDbClient(endpoint: string): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint, ...sdkConfig });
  onTestFinished(() => client.destroy());
  return client;
}
