import { CfnFunction, Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Aws, CfnResource, RemovalPolicy, type Stack } from 'aws-cdk-lib/core';

/**
 * The name of a log group that an AWS service writes to by itself. Services add each group to a resource policy of at
 * most 5,120 characters for the whole account and region, unless its name begins like this: then one entry
 * serves all of them.
 */
export const vendedLogsName = (service: 'apis' | 'states'): string =>
  `/aws/vendedlogs/${service}/${Aws.STACK_NAME}`;

/**
 * Gives the functions that CDK adds for a deployment log groups of their own. Without one, Lambda makes a group
 * that never expires and that stays when the stack is deleted.
 */
export function addHandlerLogs(stack: Stack, logDays: RetentionDays): void {
  for (const handler of handlersOf(stack)) {
    const logs = new LogGroup(stack, `${handler.node.scope?.node.id}Logs`, {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    handler.addPropertyOverride('LoggingConfig', { LogGroup: logs.logGroupName });
  }
}

/** The functions that no construct of ours has made: CDK writes them as plain resources. */
const handlersOf = (stack: Stack): readonly CfnResource[] =>
  stack.node
    .findAll()
    .filter((child) => CfnResource.isCfnResource(child))
    .filter(({ cfnResourceType }) => cfnResourceType === CfnFunction.CFN_RESOURCE_TYPE_NAME)
    .filter(({ node }) => !(node.scope instanceof LambdaFunction));
