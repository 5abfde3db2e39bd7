import { onTestFinished } from 'vitest';
import { startDynamoDbLocal } from '../support/dynamodb-local.ts';
import { tables } from './stage.ts';

/** AWS's own, with an empty database of the template's tables for each test. */
export async function startReferee() {
  const { database, stop } = await startDynamoDbLocal();
  return {
    stop,
    database: async () => {
      const client = await database(tables);
      onTestFinished(() => client.destroy());
      return client;
    },
  };
}
