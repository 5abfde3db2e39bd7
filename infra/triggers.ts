import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { allow } from './allow.ts';
import type { Buckets } from './buckets.ts';
import { Lambda } from './lambda.ts';
import type { Stage } from './stage.ts';
import type { Tables } from './tables.ts';

type Props = {
  readonly stage: Stage;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly machine: StateMachine;
};

/** What starts by itself: an upload arrives, a minute is over, the operator asks for a key. */
export class Triggers extends Construct {
  readonly issueKey: Lambda<'events/issue-key'>;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id);
    const { buckets, stage, tables } = props;
    buckets.inputs.addEventNotification(
      EventType.OBJECT_CREATED,
      new LambdaDestination(inputUploaded(this, props)),
      { prefix: 'uploads/' },
    );
    new Rule(this, 'EveryMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(sweep(this, props))],
    });
    this.issueKey = new Lambda(this, 'IssueKey', {
      entry: 'events/issue-key',
      environment: {
        KEY_TABLE: tables.keys.tableName,
        ACCOUNT_TABLE: tables.accounts.tableName,
        IDEMPOTENCY_TABLE: tables.idempotency.tableName,
      },
      logDays: stage.logDays,
    });
    allow(this.issueKey, tables.keys.tableArn, 'dynamodb:PutItem');
    allow(
      this.issueKey,
      tables.accounts.tableArn,
      'dynamodb:GetItem',
      'dynamodb:PutItem',
      'dynamodb:UpdateItem',
    );
    allow(this.issueKey, tables.idempotency.tableArn, 'dynamodb:GetItem', 'dynamodb:PutItem');
  }
}

function inputUploaded(scope: Construct, { stage, tables, machine }: Props) {
  const lambda = new Lambda(scope, 'InputUploaded', {
    entry: 'events/input-uploaded',
    environment: { TASK_TABLE: tables.tasks.tableName, WORKFLOW_ARN: machine.stateMachineArn },
    logDays: stage.logDays,
    timeoutSeconds: 30,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:UpdateItem');
  allow(lambda, machine.stateMachineArn, 'states:StartExecution');
  return lambda;
}

function sweep(scope: Construct, { stage, tables, machine }: Props) {
  const lambda = new Lambda(scope, 'Sweep', {
    entry: 'events/sweep',
    environment: { TASK_TABLE: tables.tasks.tableName, WORKFLOW_ARN: machine.stateMachineArn },
    logDays: stage.logDays,
    timeoutSeconds: 50,
  });
  allow(lambda, tables.tasks.tableArn, 'dynamodb:GetItem');
  allow(lambda, `${tables.tasks.tableArn}/index/due`, 'dynamodb:Query');
  allow(lambda, machine.stateMachineArn, 'states:StartExecution');
  return lambda;
}
