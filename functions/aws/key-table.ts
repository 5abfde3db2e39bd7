import { randomUUID } from 'node:crypto';
import { type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import type { Keys } from '../task/identify.ts';
import type { KeyStore } from '../task/issue-key.ts';
import { accountKey, entryKey } from './account-row.ts';
import { transact } from './transaction.ts';
import { type Row, update } from './update.ts';

type Tables = { readonly keys: string; readonly accounts: string };

const KeyRow = z.object({
  keyId: z.string(),
  account: z.string(),
  scopes: z.array(z.enum(['generate', 'admin'])),
});
const AccountRow = z.object({ userGroup: z.string(), webhookSecret: z.string() });

// Consistent: a new key that is not seen yet would be remembered as one that does not exist.
const read = async (client: DynamoDBClient, table: string, key: Row) => {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: marshall(key), ConsistentRead: true }),
  );
  return Item && unmarshall(Item);
};

/** The API keys and what they stand for. */
export const keyTable = (client: DynamoDBClient, { keys, accounts }: Tables): Keys => ({
  find: async (hash) => {
    const row = await read(client, keys, { hash });
    if (!row) return undefined;
    const key = KeyRow.parse(row);
    const { userGroup } = AccountRow.parse(await read(client, accounts, accountKey(key.account)));
    return { ...key, userGroup };
  },
});

/** The secret an account's callbacks are signed with. */
export const webhookSecretOf =
  (client: DynamoDBClient, accounts: string) => async (account: string) =>
    AccountRow.parse(await read(client, accounts, accountKey(account))).webhookSecret;

/** Where new accounts, grants and keys are written. */
export const keyStore = (client: DynamoDBClient, { keys, accounts }: Tables): KeyStore => ({
  ensureAccount: async ({ account, webhookSecret, at }) => {
    const { row } = await update(client, {
      TableName: accounts,
      Key: marshall(accountKey(account)),
      UpdateExpression:
        'SET balance = :none, reserved = :none, used = :none, granted = :none, userGroup = :group, webhookSecret = :secret, createdAt = :at',
      ConditionExpression: 'attribute_not_exists(account)',
      ExpressionAttributeValues: marshall({
        ...{ ':none': 0, ':group': 'default', ':secret': webhookSecret, ':at': at },
      }),
    });
    return AccountRow.parse(row);
  },
  grant: async (account, amount, at) => {
    const reasons = await transact(client, [
      {
        Update: {
          TableName: accounts,
          Key: marshall(accountKey(account)),
          UpdateExpression: 'SET balance = balance + :amount, granted = granted + :amount',
          ConditionExpression: 'attribute_exists(account)',
          ExpressionAttributeValues: marshall({ ':amount': amount }),
        },
      },
      {
        Put: {
          TableName: accounts,
          Item: marshall({
            ...entryKey(account, at, `grant#${randomUUID()}`),
            kind: 'grant',
            amount,
            at,
          }),
          ConditionExpression: 'attribute_not_exists(account)',
        },
      },
    ]);
    if (reasons)
      throw new Error(`the grant was refused: ${reasons.map(({ Code }) => Code).join(', ')}`);
  },
  add: async ({ hash, ...key }) => {
    await client.send(
      new PutItemCommand({
        TableName: keys,
        Item: marshall({ hash, ...key }),
        ConditionExpression: 'attribute_not_exists(#hash)',
        ExpressionAttributeNames: { '#hash': 'hash' },
      }),
    );
  },
});
