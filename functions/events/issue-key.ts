import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Context } from 'aws-lambda';
import { clientConfig } from '../adapters/aws/client-config.ts';
import { accountTable } from '../adapters/aws/dynamodb/account-table.ts';
import { consoleCodes } from '../adapters/aws/dynamodb/console-codes.ts';
import { credits } from '../adapters/aws/dynamodb/credits.ts';
import { keyTable } from '../adapters/aws/dynamodb/key-table.ts';
import {
  ConsoleCodeRequest,
  type IssuedCode,
  issueConsoleCode,
} from '../domain/accounts/console-session.ts';
import {
  CanaryKeyRequest,
  canaryKeyRequest,
  type IssuedKey,
  IssueKeyRequest,
  issueKey,
} from '../domain/accounts/issue-key.ts';
import { readEnv } from '../runtime/env.ts';

const env = readEnv('events/issue-key');
const dynamo = new DynamoDBClient(clientConfig);
const now = Date.now;
const accounts = accountTable(dynamo, env.ACCOUNT_TABLE, env.AUDIT_TABLE);
const issue = issueKey({
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

const asksFor = (name: 'console' | 'canary', event: unknown): boolean =>
  typeof event === 'object' && event !== null && name in event;

/** The key that an event asks for. @throws {z.ZodError} when it asks for none that there can be */
const keyRequest = (event: unknown): IssueKeyRequest => {
  if (!asksFor('canary', event)) return IssueKeyRequest.parse(event);
  CanaryKeyRequest.parse(event);
  return canaryKeyRequest;
};

// It has no route and no trigger: only the operator invokes it, with AWS credentials that may do so.
export const handler = async (
  event: unknown,
  { awsRequestId }: Pick<Context, 'awsRequestId'>,
): Promise<IssuedKey | IssuedCode> =>
  asksFor('console', event)
    ? issueCode(ConsoleCodeRequest.parse(event), awsRequestId)
    : issue(keyRequest(event), awsRequestId);
