import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Entry, EnvOf } from '../functions/runtime/env.ts';
import { bundleOf, placeholderCode } from './bundles.ts';

type Props<E extends Entry> = {
  readonly entry: E;
  readonly environment: EnvOf<E>;
  readonly logDays: RetentionDays;
  readonly timeoutSeconds?: number;
  readonly memoryMb?: number;
};

/** One of our Lambdas: ours in runtime, bundle, role, logs and limits, so a construct says only what differs. */
export class Lambda<E extends Entry> extends LambdaFunction {
  constructor(scope: Construct, id: string, props: Props<E>) {
    const { entry, environment, logDays, timeoutSeconds = 10, memoryMb = 512 } = props;
    const logGroup = new LogGroup(scope, `${id}Logs`, {
      retention: logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(scope, `${id}Role`, {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    });
    logGroup.grantWrite(role);
    super(scope, id, {
      code: Stack.of(scope).bundlingRequired ? bundleOf(entry) : placeholderCode(),
      handler: 'index.handler',
      description: `functions/${entry}.ts`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      timeout: Duration.seconds(timeoutSeconds),
      memorySize: memoryMb,
      environment: present(environment),
      logGroup,
      role,
    });
  }
}

const present = (environment: Readonly<Record<string, string | undefined>>) =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
