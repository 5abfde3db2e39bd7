import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { bucketPrefixes, indexNames } from '../functions/domain/model/storage-names.ts';
import type { Entry } from '../functions/runtime/env.ts';
import type { Buckets } from './buckets.ts';
import type { Canary } from './canary.ts';
import type { Deletion } from './deletion.ts';
import { type CodeOf, createFunctions, type Functions, type FunctionTable } from './lambda.ts';
import type { Providers } from './providers.ts';
import { accountBudgetOf, loopbackOf, type Stage } from './stage.ts';
import type { Tables } from './tables.ts';
import { endWait } from './task-tokens.ts';
import type { Workflow } from './workflow.ts';
import { slotsOf } from './workflow-functions.ts';

type Props = {
  readonly stage: Stage;
  readonly codeOf: CodeOf;
  readonly tables: Tables;
  readonly buckets: Buckets;
  readonly workflow: Workflow;
  readonly deletion: Deletion;
  readonly providers: Providers;
};

type EventEntry = Exclude<
  Extract<Entry, `events/${string}`>,
  // These have constructs of their own.
  keyof Deletion['functions'] | keyof Canary['functions'] | 'events/make-thumbnail'
>;

/**
 * The functions outside of API and workflow. They run on an upload, every minute, when an execution ends
 * badly, or by hand.
 */
export class Triggers extends Construct {
  readonly functions: Functions<EventEntry>;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id);
    const { stage, codeOf, buckets, workflow } = props;
    this.functions = createFunctions(this, rowsOf(props), { codeOf, logDays: stage.logDays });
    buckets.inputs.addEventNotification(
      EventType.OBJECT_CREATED,
      new LambdaDestination(this.functions['events/input-uploaded']),
      { prefix: bucketPrefixes.uploads },
    );
    new Rule(this, 'EveryMinute', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaFunction(this.functions['events/reconcile'])],
    });
    new Rule(this, 'ExecutionEndedBadly', {
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: {
          stateMachineArn: [workflow.machine.stateMachineArn],
          status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        },
      },
      targets: [new LambdaFunction(this.functions['events/execution-ended'])],
    });
  }
}

const rowsOf = ({
  tables,
  buckets,
  workflow,
  deletion,
  providers,
  stage,
}: Props): FunctionTable<EventEntry> => ({
  'events/input-uploaded': {
    id: 'InputUploaded',
    timeoutSeconds: 30,
    environment: {
      TASK_TABLE: tables.tasks.allow('dynamodb:UpdateItem'),
      WORKFLOW_ARN: workflow.allow('states:StartExecution'),
    },
  },
  'events/reconcile': {
    id: 'Reconcile',
    timeoutSeconds: 50,
    environment: {
      TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:UpdateItem', {
        index: indexNames.nextCheck,
        actions: ['dynamodb:Query'],
      }),
      ...slotsOf(tables, providers),
      INPUT_BUCKET: buckets.inputs.allow('s3:ListBucket'),
      WORKFLOW_ARN: workflow.allow(
        'states:StartExecution',
        'states:DescribeExecution',
        'states:SendTaskFailure', // wakes the workflow of a task that is past its deadline
      ),
      NOTIFY_FUNCTION: workflow.functions['workflow/notify-caller'].allow('lambda:InvokeFunction'),
      DELETE_PICTURES_FUNCTION:
        deletion.functions['events/delete-pictures'].allow('lambda:InvokeFunction'),
      POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
    },
    // It wakes tasks that have a slot.
    permissions: [endWait('states:SendTaskSuccess')],
  },
  'events/execution-ended': {
    id: 'ExecutionEnded',
    timeoutSeconds: 30,
    environment: {
      TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:UpdateItem'),
      WORKFLOW_ARN: workflow.allow('states:StartExecution', 'states:DescribeExecution'),
      POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
    },
  },
  // Only the operator invokes it, with his own AWS credentials.
  'events/issue-key': {
    id: 'IssueKey',
    environment: {
      KEY_TABLE: tables.keys.allow('dynamodb:PutItem'),
      ACCOUNT_TABLE: tables.accounts.allow(
        'dynamodb:BatchGetItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
      ),
      IDEMPOTENCY_TABLE: tables.idempotency.allow('dynamodb:GetItem', 'dynamodb:PutItem'),
      AUDIT_TABLE: tables.audit.allow('dynamodb:PutItem'),
      ALLOW_LOOPBACK: loopbackOf(stage),
      ACCOUNT_BUDGET: accountBudgetOf(stage),
    },
  },
});
