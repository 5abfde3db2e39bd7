import { CfnOutput, type CfnOutputProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { OutputName } from '../functions/domain/model/stack-outputs.ts';

/** An output of the stack, by a name that the commands know. */
export function addOutput(scope: Construct, name: OutputName, props: CfnOutputProps): void {
  new CfnOutput(scope, name, props).overrideLogicalId(name);
}
