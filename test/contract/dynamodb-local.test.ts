import { afterAll, beforeAll, describe } from 'vitest';
import { startDynamoDbLocal, whyNot } from './dynamodb-local.ts';
import { storeOf } from './dynamodb-store.ts';
import { keysContract } from './keys-contract.ts';
import { tasksContract } from './tasks-contract.ts';

// The referee: what holds on the laptop has to hold on AWS's own DynamoDB.

const reason = whyNot();
if (reason) process.stderr.write(`AWS's DynamoDB Local is not asked: ${reason}.\n`);

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startDynamoDbLocal>>;

  beforeAll(async () => {
    dynamoDbLocal = await startDynamoDbLocal();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  const make = async () => storeOf(await dynamoDbLocal.database());
  tasksContract(make);
  keysContract(make);
});
