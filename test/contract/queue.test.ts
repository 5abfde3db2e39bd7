import { describe } from 'vitest';
import { queueTable } from '../../functions/adapters/aws/dynamodb/queue-table.ts';
import { memoryQueue } from '../support/memory-queue.ts';
import { dynamoDb } from './dynamodb.ts';
import { queueContract } from './queue-contract.ts';
import { tableNames } from './template-resources.ts';

describe('the queue in memory', () => {
  queueContract(async () => memoryQueue());
});

describe('the queue in DynamoDB in the local stack', () => {
  queueContract(async () => queueTable((await dynamoDb()).client, tableNames.queue));
});
