import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';

/** Lets somebody do these things with this resource, and nothing else: CDK's own grants hand out more. */
export function allow(
  to: IGrantable,
  resource: string | readonly string[],
  ...actions: string[]
): void {
  const resources = typeof resource === 'string' ? [resource] : [...resource];
  to.grantPrincipal.addToPrincipalPolicy(new PolicyStatement({ actions, resources }));
}
