import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { log } from '../runtime/log.ts';
import { keyIdOf } from '../task/api-key.ts';
import { identify, type Keys } from '../task/identify.ts';
import type { Activity } from '../task/rate-limit.ts';
import { accountKey, toAccount } from './account-row.ts';
import { keyActivity } from './key-activity.ts';
import { findKey } from './key-table.ts';
import { readRow } from './read-row.ts';

type Tables = {
  readonly KEY_TABLE: string;
  readonly ACCOUNT_TABLE: string;
  readonly ACTIVITY_TABLE: string;
};

/** Finds out who calls, by the tables that a route's environment names. */
export const callersOf = (
  client: DynamoDBClient,
  { KEY_TABLE, ACCOUNT_TABLE, ACTIVITY_TABLE }: Tables,
  activity: Pick<Activity, 'noteUse'> = keyActivity(client, ACTIVITY_TABLE),
) =>
  identify({
    keys: knownKeys(client, { keys: KEY_TABLE, accounts: ACCOUNT_TABLE }),
    now: Date.now,
    noteUse: async (keyId) => {
      try {
        await activity.noteUse(keyId, Date.now());
      } catch (cause) {
        // What only informs must not keep anybody from working.
        log('warn', 'use.unnoted', { cause });
      }
    },
  });

/** The API keys with what their accounts say about them. */
export const knownKeys = (
  client: DynamoDBClient,
  { keys, accounts }: { readonly keys: string; readonly accounts: string },
): Keys => ({
  find: async (hash) => {
    const key = await findKey(client, keys, keyIdOf(hash));
    if (key?.hash !== hash) return undefined;
    const row = await readRow(client, accounts, accountKey(key.account));
    if (!row) throw new Error(`the account ${key.account} is not there`);
    return { key, account: toAccount(row) };
  },
});
