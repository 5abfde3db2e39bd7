import { type CfnElement, type Stack, Token, Validations } from 'aws-cdk-lib/core';
import type { IConstruct } from 'constructs';
import { bucketPrefixes } from '../functions/domain/model/storage-names.ts';
import type { Buckets } from './buckets.ts';
import type { Workflow } from './workflow.ts';

// The findings of the rules AwsSolutions that we accept, each with its reason. A new finding that is
// neither fixed nor listed here stops the synthesis.
const everywhere = {
  'AwsSolutions-S1':
    'Callers reach objects through our functions and through links that these functions sign; our own logs show both.',
  'AwsSolutions-SMG4':
    'The provider rotates its keys, not we; the signing key is replaced by hand, since its links live up to 72 hours.',
  'AwsSolutions-APIG4':
    'The function checks the key: so the contract decides the error body, and an authorizer adds no cold start.',
  'AwsSolutions-SF1':
    'Logging every event would cost more than the executions; Step Functions keeps their history for 90 days.',
  'AwsSolutions-SF2':
    'Executions carry their task id, and so do the log lines; traces would add a price for each task.',
  'AwsSolutions-IAM5[Resource::*]':
    'AWS documents no narrower resource for the delivery of Step Functions logs, nor for ending a wait by its task token.',
  'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]':
    'The role of the CDK handler that sets the bucket notification, at deployment only.',
} as const;

type Props = {
  readonly buckets: Buckets;
  readonly workflow: Workflow;
};
type Reason = readonly [id: string, reason: string];

/** Acknowledges, for the whole stack, the findings that we accept. */
export function acknowledge(stack: Stack, { buckets, workflow }: Props): void {
  const { functions, machine } = workflow;
  const logicalIdOf = (construct: IConstruct) =>
    stack.getLogicalId(construct.node.defaultChild as CfnElement);
  const prefixOf = (bucket: IConstruct, prefix: string): Reason => [
    `AwsSolutions-IAM5[Resource::<${logicalIdOf(bucket)}.Arn>/${prefix}*]`,
    'One prefix of one bucket, and only the actions that the function needs.',
  ];
  const versionsOf = (lambda: IConstruct): Reason => [
    `AwsSolutions-IAM5[Resource::<${logicalIdOf(lambda)}.Arn>:*]`,
    'CDK lets the state machine invoke any version of this one function.',
  ];
  const executions: Reason = [
    `AwsSolutions-IAM5[Resource::arn:${placeOf(stack)}:execution:<${logicalIdOf(machine)}.Name>:*]`,
    'Describes any execution of this one machine: each task has its own.',
  ];
  const reasons: readonly Reason[] = [
    ...Object.entries(everywhere),
    prefixOf(buckets.inputs, bucketPrefixes.uploads),
    prefixOf(buckets.inputs, bucketPrefixes.files),
    prefixOf(buckets.inputs, bucketPrefixes.prepared),
    prefixOf(buckets.inputs, bucketPrefixes.hosted),
    prefixOf(buckets.inputs, bucketPrefixes.thumbnails),
    prefixOf(buckets.results, bucketPrefixes.results),
    prefixOf(buckets.results, bucketPrefixes.thumbnails),
    executions,
    ...Object.values(functions).map(versionsOf),
  ];
  for (const reason of reasons) acknowledgeRule(stack, reason);
}

/** Acknowledges a finding about a construct or what is in it. */
export function acknowledgeRule({ node }: IConstruct, [id, reason]: Reason): void {
  // `acknowledge()` of CDK splits an id at its `::`, and these ids have more than one.
  node.addMetadata(Validations.ACKNOWLEDGED_RULES_METADATA_KEY, {
    [`AwsSolutions::${id}`]: reason,
  });
}

/**
 * The middle of an ARN of this stack, as it stands in a finding. Without an account and a region in the settings, the
 * finding has references instead.
 */
function placeOf({ partition, region, account }: Stack): string {
  const shown = (value: string, reference: string) =>
    Token.isUnresolved(value) ? `<AWS::${reference}>` : value;
  return [
    shown(partition, 'Partition'),
    'states',
    shown(region, 'Region'),
    shown(account, 'AccountId'),
  ].join(':');
}
