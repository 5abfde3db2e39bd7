import { marshall } from '@aws-sdk/util-dynamodb';
import { accountKey } from '../../functions/adapters/aws/dynamodb/shards.ts';
import { update } from '../../functions/adapters/aws/dynamodb/update.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { interceptingProxy } from './intercepting-proxy.ts';
import { tableNames } from './template-resources.ts';

const rowOf = (account: string) => ({
  TableName: tableNames.accounts,
  Key: marshall(accountKey(account)),
});

/** Adds to a balance without a condition. */
export const addToBalance = (account: string, amount: number) => ({
  ...rowOf(account),
  UpdateExpression: 'ADD balance :amount',
  ExpressionAttributeValues: marshall({ ':amount': amount }),
});

/** A write that succeeds once: the first writer is the winner. */
export const setWinner = (name: string) => ({
  ...rowOf(name),
  UpdateExpression: 'SET winner = :name',
  ConditionExpression: 'attribute_not_exists(winner)',
  ExpressionAttributeValues: marshall({ ':name': name }),
});

/** A client that reaches the tables through an intercepting proxy, and a function that reads a balance directly. */
export async function tableBehindProxy(intercept?: Parameters<typeof interceptingProxy>[1]) {
  const { url, client: direct } = await dynamoDb();
  const proxy = await interceptingProxy(url, intercept);
  const balanceOf = async (account: string) =>
    (await update(direct, addToBalance(account, 0))).row?.['balance'];
  return { client: dynamoDbClient(proxy.url), requests: proxy.requests, balanceOf };
}
