import type { HttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import {
  LambdaApplication,
  LambdaDeploymentConfig,
  LambdaDeploymentGroup,
} from 'aws-cdk-lib/aws-codedeploy';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { acknowledgeRule } from './acknowledged.ts';
import type { ApiFunctions } from './api-functions.ts';

/**
 * The functions whose failure costs callers most. Each further function would add four resources and a deployment of its
 * own.
 */
export const safelyDeployed = [
  'api/create-task',
  'api/get-task',
  'api/provider-webhook',
] as const satisfies readonly (keyof ApiFunctions)[];

/**
 * New code of these functions gets a tenth of the requests for five minutes, then all. When it fails in these minutes,
 * the old code gets all requests again, and the deployment fails.
 */
export class SafeDeploys extends Construct {
  /** The functions as the API calls them. */
  readonly functions: Readonly<Record<keyof ApiFunctions, IFunction>>;

  constructor(scope: Construct, id: string, functions: ApiFunctions, api: HttpApi) {
    super(scope, id);
    const application = new LambdaApplication(this, 'Application');
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
    });
    acknowledgeRule(role, [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
      'It is what AWS has for CodeDeploy and Lambda, and CDK attaches it.',
    ]);
    // Our functions respond to a fault with a 500. Lambda does not count that as an error, but API Gateway does.
    const serverErrors = alarmOf(this, 'ServerErrors', api.metricServerError(metricOptions));
    const aliases = safelyDeployed.map((entry) => {
      const { node } = functions[entry];
      const alias = functions[entry].addAlias('live');
      new LambdaDeploymentGroup(this, `${node.id}Deployments`, {
        application,
        role,
        alias,
        deploymentConfig: LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES,
        alarms: [
          alarmOf(this, `${node.id}Errors`, alias.metricErrors(metricOptions)),
          serverErrors,
        ],
      });
      return [entry, alias] as const;
    });
    this.functions = { ...functions, ...Object.fromEntries(aliases) };
  }
}

const metricOptions = { period: Duration.minutes(1), statistic: 'Sum' };
/** Two in a minute: one alone may be an accident of the network. */
const threshold = 2;

const alarmOf = (scope: Construct, id: string, metric: IMetric): Alarm =>
  new Alarm(scope, id, {
    metric,
    threshold,
    evaluationPeriods: 1,
    comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
    treatMissingData: TreatMissingData.NOT_BREACHING,
    alarmDescription: 'Rolls back a deployment that is under way; nobody gets a mail.',
  });
