import { marshall } from '@aws-sdk/util-dynamodb';
import { accountKey } from '../../functions/aws/account-row.ts';
import { update } from '../../functions/aws/update.ts';
import { dynamoDb, dynamoDbClient } from './dynamodb.ts';
import { front } from './front.ts';
import { tableOf } from './stage.ts';

const place = (name: string) => ({
  ...{ TableName: tableOf.accounts, Key: marshall(accountKey(name)) },
});
/** Adds to a balance, whatever it is. */
export const add = (name: string, amount: number) => ({
  ...place(name),
  UpdateExpression: 'ADD balance :amount',
  ExpressionAttributeValues: marshall({ ':amount': amount }),
});
/** A write that only the first one does. */
export const once = (name: string) => ({
  ...place(name),
  UpdateExpression: 'SET winner = :name',
  ConditionExpression: 'attribute_not_exists(winner)',
  ExpressionAttributeValues: marshall({ ':name': name }),
});
/** A table behind a front, and what it has in the end. */
export async function behind(fate?: Parameters<typeof front>[1]) {
  const { url, client: direct } = await dynamoDb();
  const between = await front(url, fate);
  const balanceOf = async (name: string) => (await update(direct, add(name, 0))).row?.['balance'];
  return { client: dynamoDbClient(between.url), seen: between.seen, balanceOf };
}
