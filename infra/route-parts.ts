import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { allow } from './allow.ts';
import type { Buckets } from './buckets.ts';
import type { Providers } from './providers.ts';
import type { Secrets } from './secrets.ts';
import type { Stage } from './stage.ts';
import type { Tables } from './tables.ts';

/** What the functions behind routes are made from. */
export type Parts = {
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly secrets: Secrets;
  readonly publicUrl: string;
  readonly providers: Providers;
  readonly machine: StateMachine;
  readonly notifyCaller: IFunction;
};

// The first call of a cold function runs at the share of a processor that its memory buys.
export const memoryMb = 1024;

/** Where a function finds out who calls. */
export const callers = ({ keys, accounts, activity }: Tables) => ({
  KEY_TABLE: keys.tableName,
  ACCOUNT_TABLE: accounts.tableName,
  ACTIVITY_TABLE: activity.tableName,
});

/** Lets a function find out who calls, and note it. */
export function allowCallers(lambda: IGrantable, { keys, accounts, activity }: Tables): void {
  allow(lambda, keys.tableArn, 'dynamodb:GetItem');
  allow(lambda, accounts.tableArn, 'dynamodb:GetItem');
  allow(lambda, activity.tableArn, 'dynamodb:UpdateItem');
}
