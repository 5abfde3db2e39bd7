import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { accountProfiles } from '../adapters/aws/dynamodb/account-table.ts';
import { keyActivity } from '../adapters/aws/dynamodb/key-activity.ts';
import { keysById, knownKeys } from '../adapters/aws/dynamodb/key-table.ts';
import { admitCreate, authenticate, recheckKey } from '../domain/accounts/authenticate.ts';
import { limitCalls, limitRequests } from '../domain/accounts/rate-limit.ts';
import { readCallerEnv } from '../runtime/env.ts';
import type { CallerServices } from '../runtime/http.ts';
import { log } from '../runtime/log.ts';

// What all routes with an API key share: one client, one cache of keys for each function instance.

const env = readCallerEnv();

export const dynamo = new DynamoDBClient(clientConfig);
export const activity = keyActivity(dynamo, env.ACTIVITY_TABLE);

/** Authenticates and counts the callers of a route. */
export const callers: CallerServices = {
  authenticate: authenticate({
    keys: knownKeys(dynamo, { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE }),
    now: Date.now,
    touchLastUsed: async (keyId) => {
      try {
        await activity.touchLastUsed(keyId, Date.now());
      } catch (cause) {
        // The time of the last use is only information: no request fails because it was not recorded.
        log('warn', 'key.last_used_failed', { cause });
      }
    },
    continueSession: ({ keyId, createdAt }) =>
      activity.continueSession({ keyId, startedAt: createdAt }, Date.now()),
  }),
  countCall: limitCalls(activity, Date.now),
  admitCreate: admitCreate({
    countRequest: limitRequests(activity, Date.now),
    recheckKey: recheckKey({
      keys: keysById(dynamo, env.KEY_TABLE),
      findProfile: accountProfiles(dynamo, env.ACCOUNT_TABLE),
      now: Date.now,
    }),
  }),
};
