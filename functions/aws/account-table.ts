import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { AccountChange, Accounts, WebhookSecrets } from '../task/account.ts';
import { listAccounts, listEntries } from './account-lists.ts';
import { accountKey, toAccount, toAccountItem } from './account-row.ts';
import { readRow } from './read-row.ts';
import { changesOf } from './row-changes.ts';
import { put, type Row, update } from './update.ts';

/** The accounts in DynamoDB. */
export const accountTable = (client: DynamoDBClient, table: string): Accounts => ({
  add: async (account) => {
    const before = await put(client, {
      TableName: table,
      Item: toAccountItem(account),
      ConditionExpression: 'attribute_not_exists(account)',
    });
    // One with the same secret is this one, whose answer was lost; and never written over.
    return before === undefined || before['webhookSecret'] === account.webhookSecret;
  },
  find: async (account) => {
    const row = await readRow(client, table, accountKey(account));
    return row && toAccount(row);
  },
  list: (wish) => listAccounts(client, table, wish),
  change: async (account, change) => {
    const { done, row } = await write(client, table, account, attributesOf(change));
    return done && row ? toAccount(row) : undefined;
  },
  entries: (account, wish) => listEntries(client, table, account, wish),
  secrets: async (account) => {
    const row = await readRow(client, table, accountKey(account));
    return row && secretsIn(row);
  },
  rotateSecret: async (account, secret, previousUntil) => {
    const { row } = await update(client, {
      TableName: table,
      Key: marshall(accountKey(account)),
      UpdateExpression:
        'SET previousSecret = webhookSecret, previousSecretUntil = :until, webhookSecret = :secret',
      // The client sends a write again whose answer was lost; done twice, the one before would be gone.
      ConditionExpression: 'attribute_exists(account) AND webhookSecret <> :secret',
      ExpressionAttributeValues: marshall({ ':secret': secret, ':until': previousUntil }),
    });
    return row !== undefined;
  },
});

const write = (client: DynamoDBClient, TableName: string, account: string, wanted: Row) =>
  update(client, {
    TableName,
    Key: marshall(accountKey(account)),
    ...changesOf(wanted, 'attribute_exists(account)'),
  });

const attributesOf = ({ userGroup, limits = {} }: AccountChange) => ({
  userGroup,
  ...{ 'limits.requestsPerMinute': limits.requestsPerMinute },
  ...{ 'limits.tasksInFlight': limits.tasksInFlight },
});

const secretsIn = ({
  webhookSecret,
  previousSecret,
  previousSecretUntil,
}: Row): WebhookSecrets => ({
  newest: webhookSecret,
  ...(previousSecret && { previous: { secret: previousSecret, until: previousSecretUntil } }),
});
