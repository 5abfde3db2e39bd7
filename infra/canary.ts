import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { canaryMinutes } from '../functions/domain/model/canary.ts';
import { type CodeOf, createFunctions, type Functions } from './lambda.ts';
import { Secret } from './secrets.ts';
import { loopbackOf, type Stage } from './stage.ts';
import { timeouts } from './timeouts.ts';

type Props = {
  readonly stage: Stage;
  readonly codeOf: CodeOf;
  readonly publicUrl: string;
};

/**
 * A caller inside of the stack: every quarter of an hour it makes a sandbox task over the public address and checks the
 * result. It may read its own test key and nothing else, so an attacker who takes it over can only make test tasks.
 */
export class Canary extends Construct {
  readonly functions: Functions<'events/canary'>;
  /** The test key. The operator stores it: no function that a schedule runs may make keys. */
  readonly key: Secret;

  constructor(scope: Construct, id: string, { stage, codeOf, publicUrl }: Props) {
    super(scope, id);
    this.key = new Secret(this, 'Key', {
      description: 'The test key of the canary, as {"api_key": "sk-dr-test-..."}',
      // `none` is a name that nobody reads, so there is no key until the operator stores one.
      generateSecretString: { secretStringTemplate: '{}', generateStringKey: 'none' },
      removalPolicy: RemovalPolicy.DESTROY, // another one is made by one command
    });
    this.functions = createFunctions(
      this,
      {
        'events/canary': {
          id: 'Canary',
          timeoutSeconds: timeouts['events/canary'],
          memoryMb: 256, // it waits most of the time
          environment: {
            CANARY_SECRET: this.key.allow('secretsmanager:GetSecretValue'),
            PUBLIC_URL: publicUrl,
            ALLOW_LOOPBACK: loopbackOf(stage),
            POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME,
          },
        },
      },
      { codeOf, logDays: stage.logDays },
    );
    const lambda = this.functions['events/canary'];
    // A run that crashed has failed. A retry would hide that.
    lambda.configureAsyncInvoke({ retryAttempts: 0 });
    new Rule(this, 'EveryQuarter', {
      schedule: Schedule.rate(Duration.minutes(canaryMinutes)),
      targets: [new LambdaFunction(lambda)],
    });
  }
}
