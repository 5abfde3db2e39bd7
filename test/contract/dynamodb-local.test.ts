import { afterAll, beforeAll, describe } from 'vitest';
import { queueTable } from '../../functions/adapters/aws/dynamodb/queue-table.ts';
import { reasonToSkip } from '../support/dynamodb-local.ts';
import { startDynamoDbLocalForTests } from './dynamodb-local-for-tests.ts';
import { storeOf } from './dynamodb-store.ts';
import { queueContract } from './queue-contract.ts';
import { storeContract } from './store-contract.ts';
import { tableNames } from './template-resources.ts';

// The local stack's DynamoDB is compared with AWS's own: both must fulfil the same contract.

const reason = reasonToSkip();
if (reason) process.stderr.write(`AWS's DynamoDB Local is not used: ${reason}.\n`);

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocalForTests>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocalForTests();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  const make = async () => storeOf(await dynamoDbLocal.database());
  storeContract(make);
  queueContract(async () => queueTable(await dynamoDbLocal.database(), tableNames.queue));
});
