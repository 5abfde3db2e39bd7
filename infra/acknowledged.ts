import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { type CfnElement, type Stack, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import type { Buckets } from './buckets.ts';
import type { WorkflowFunctions } from './workflow-functions.ts';

// The findings of AwsSolutions that we live with, each with its reason. A new finding that stands
// neither here nor is mended stops the synthesis.
const everywhere = {
  'AwsSolutions-S1':
    'Objects are reached through our functions and through links they sign; both are in our own logs.',
  'AwsSolutions-SMG4':
    'The provider rotates its keys, not we; the signing key is replaced by hand, since its links live 24 hours.',
  'AwsSolutions-APIG4':
    'The key is checked inside the function: the error body is the contract, and a cold start less.',
  'AwsSolutions-SF1':
    'Every event of every execution would cost more than the executions; their history keeps 90 days.',
  'AwsSolutions-SF2':
    'Executions carry their task id, and so do the log lines; traces would add a price a task.',
  'AwsSolutions-IAM5[Resource::*]':
    'AWS offers no narrower resource for the delivery of Step Functions logs.',
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
    'The role of the CDK handler that sets the bucket notification, at deployment only.',
} as const;

type Props = {
  readonly buckets: Buckets;
  readonly work: WorkflowFunctions;
  readonly machine: StateMachine;
};

/** Acknowledges what the rules cannot know, for the whole stack. */
export function acknowledge(stack: Stack, { buckets, work, machine }: Props): void {
  const arnOf = (construct: IConstruct) =>
    `<${stack.getLogicalId(construct.node.defaultChild as CfnElement)}.Arn>`;
  const nameOf = (construct: IConstruct) => arnOf(construct).replace('.Arn>', '.Name>');
  const below = (bucket: IConstruct, prefix: string): Reason => [
    `AwsSolutions-IAM5[Resource::${arnOf(bucket)}/${prefix}/*]`,
    'One prefix of one bucket, with one action a statement.',
  ];
  const versions = (lambda: IConstruct): Reason => [
    `AwsSolutions-IAM5[Resource::${arnOf(lambda)}:*]`,
    'CDK lets the state machine invoke any version of this one function.',
  ];
  const executions: Reason = [
    `AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:${nameOf(machine)}:*]`,
    'Looking at any execution of this one machine: each task has its own.',
  ];
  const reasons: readonly Reason[] = [
    ...Object.entries(everywhere),
    ...['uploads', 'files', 'prepared'].map((prefix) => below(buckets.inputs, prefix)),
    ...[below(buckets.results, 'results'), executions],
    ...[work.prepareInputs, work.submitTask, work.awaitProvider].map(versions),
    ...[work.pollTask, work.settleTask, work.notifyCaller].map(versions),
  ];
  for (const [id, reason] of reasons) {
    // `acknowledge()` takes an id apart at its `::`, and these have several.
    stack.node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {
      [`AwsSolutions::${id}`]: reason,
    });
  }
}

type Reason = readonly [id: string, reason: string];
