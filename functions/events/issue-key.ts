import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { accountTable } from '../adapters/aws/dynamodb/account-table.ts';
import { consoleCodes } from '../adapters/aws/dynamodb/console-codes.ts';
import { credits } from '../adapters/aws/dynamodb/credits.ts';
import { keyTable } from '../adapters/aws/dynamodb/key-table.ts';
import { issueConsoleCode } from '../domain/accounts/console-session.ts';
import { issueFor, issueKey } from '../domain/accounts/issue-key.ts';
import { readEnv } from '../runtime/env.ts';

const env = readEnv('events/issue-key');
const dynamo = new DynamoDBClient(clientConfig);
const now = Date.now;
const accounts = accountTable(dynamo, env.ACCOUNT_TABLE, env.AUDIT_TABLE);
const createIssuedKey = issueKey({
  accounts,
  keys: keyTable(
    dynamo,
    { keys: env.KEY_TABLE, accounts: env.ACCOUNT_TABLE, audit: env.AUDIT_TABLE },
    now,
  ),
  ledger: credits(dynamo, {
    accounts: env.ACCOUNT_TABLE,
    idempotency: env.IDEMPOTENCY_TABLE,
    audit: env.AUDIT_TABLE,
  }),
  now,
  budget: env.ACCOUNT_BUDGET,
});

const issueCode = issueConsoleCode({
  accounts,
  codes: consoleCodes(dynamo, { keys: env.KEY_TABLE, audit: env.AUDIT_TABLE }),
  now,
  allowsReuse: env.ALLOW_LOOPBACK,
});

const issue = issueFor({ issueKey: createIssuedKey, issueCode });

// This function has no route and no trigger: only the operator invokes it, with AWS credentials that allow it.
export const handler = (event: unknown, { awsRequestId }: Pick<Context, 'awsRequestId'>) =>
  issue(event, awsRequestId);
