import { afterAll, beforeAll, describe } from 'vitest';
import { whyNot } from '../support/dynamodb-local.ts';
import { startReferee } from './dynamodb-local.ts';
import { storeOf } from './dynamodb-store.ts';
import { storeContract } from './store-contract.ts';

// The referee: what holds on the laptop has to hold on AWS's own DynamoDB.

const reason = whyNot();
if (reason) process.stderr.write(`AWS's DynamoDB Local is not asked: ${reason}.\n`);

describe.skipIf(reason !== undefined)("AWS's own DynamoDB Local", () => {
  let dynamoDbLocal: Awaited<ReturnType<typeof startReferee>>;

  beforeAll(async () => {
    dynamoDbLocal = await startReferee();
  }, 60_000);
  afterAll(() => dynamoDbLocal?.stop());

  const make = async () => storeOf(await dynamoDbLocal.database());
  storeContract(make);
});
