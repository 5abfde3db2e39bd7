import { bucketPolicySchema } from './read-bucket-policies.ts';
import { bucketSchema, notificationSchema } from './read-buckets.ts';
import { eventInvokeSchema, functionSchema } from './read-functions.ts';
import { apiSchema, integrationSchema, routeSchema, stageSchema } from './read-http-api.ts';
import { machineSchema } from './read-machines.ts';
import type { ResourceSchema } from './read-resources.ts';
import { policySchema, roleSchema } from './read-roles.ts';
import { ruleSchema } from './read-rules.ts';
import { scheduleSchema } from './read-schedules.ts';
import { secretSchema } from './read-secrets.ts';
import { tableSchema } from './read-tables.ts';

/** The resource types that the local stack runs, and what it reads of each. */
const schemas: readonly ResourceSchema[] = [
  apiSchema,
  stageSchema,
  integrationSchema,
  routeSchema,
  functionSchema,
  eventInvokeSchema,
  tableSchema,
  bucketSchema,
  bucketPolicySchema,
  notificationSchema,
  machineSchema,
  ruleSchema,
  scheduleSchema,
  secretSchema,
  roleSchema,
  policySchema,
];

export const schemaByType: ReadonlyMap<string, ResourceSchema> = new Map(
  schemas.flatMap((schema) => schema.types.map((type) => [type, schema])),
);

/** The resource types that a template may have although nothing here runs them, and why they are not missed. */
export const typesWithoutEffect: Readonly<Record<string, string>> = {
  'AWS::CDK::Metadata': 'tells AWS which constructs a stack has',
  'AWS::CloudWatch::Alarm': 'nothing is measured here',
  'AWS::CloudWatch::CompositeAlarm': 'nothing is measured here',
  'AWS::CloudWatch::Dashboard': 'nothing is measured here',
  'AWS::Lambda::Permission': 'the services of the stack may call its functions',
  'AWS::Logs::LogGroup': 'a function logs to a file of its own',
  'AWS::Logs::MetricFilter': 'nothing is measured here',
  'AWS::Logs::QueryDefinition': 'a function logs to a file of its own',
  'AWS::SNS::Subscription': 'only alarms can publish, and there are none here',
  'AWS::SNS::Topic': 'only alarms can publish, and there are none here',
  'AWS::SNS::TopicPolicy': 'only alarms can publish, and there are none here',
  'Custom::S3AutoDeleteObjects': 'no stack is deleted here',
};
