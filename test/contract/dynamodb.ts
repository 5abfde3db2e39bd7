import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { onTestFinished } from 'vitest';
import { startDynamoDb } from '../../local/dynamodb/start-dynamodb.ts';
import { sdk, tables } from './stage.ts';

/** A DynamoDB of the test's own, in memory, with the tables of the template. */
export async function dynamoDb() {
  const { url, close } = await startDynamoDb({ tables });
  onTestFinished(close);
  return { url, client: dynamoDbClient(url) };
}

export function dynamoDbClient(endpoint: string): DynamoDBClient {
  const client = new DynamoDBClient({ endpoint, ...sdk });
  onTestFinished(() => client.destroy());
  return client;
}
