import { onTestFinished } from 'vitest';
import { startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { tables } from './template-resources.ts';

/** AWS's DynamoDB Local. Each test gets an empty database with the tables of the template. */
export async function startDynamoDbLocalForTests() {
  const { createDatabase, stop } = await startDynamoDbLocal();
  return {
    stop,
    database: async () => {
      const client = await createDatabase(tables);
      onTestFinished(() => client.destroy());
      return client;
    },
  };
}
