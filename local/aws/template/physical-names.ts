import { createHash } from 'node:crypto';
import { ownValue } from '../json-object.ts';

export const region = 'us-east-1';
export const accountId = '000000000000';

type Kind = {
  /** The property in which a template may name the resource. */
  readonly nameProperty?: string;
  /** The generated name; without it `<stack>-<logical id>`, shortened to 64 characters. */
  readonly nameOf?: (stackName: string, logicalId: string) => string;
  readonly ref?: (name: string) => string;
  readonly attributes?: Readonly<Record<string, (name: string) => string>>;
};

const arn = (service: string, prefix: string) => (name: string) =>
  `arn:aws:${service}:${region}:${accountId}:${prefix}${name}`;
const itself = (name: string) => name;
const digest = (text: string, length: number) =>
  createHash('sha256').update(text).digest('hex').slice(0, length);

const functionArn = arn('lambda', 'function:');
const machineArn = arn('states', 'stateMachine:');
export const tableArn = arn('dynamodb', 'table/');
export const bucketArn = (name: string) => `arn:aws:s3:::${name}`;
// Secrets Manager appends six random characters to the name; here they are derived from it.
const secretArn = (name: string) => `${arn('secretsmanager', 'secret:')(name)}-${digest(name, 6)}`;

const table: Kind = {
  nameProperty: 'TableName',
  attributes: { Arn: tableArn },
};

// Attributes that are addresses at AWS (an API's endpoint, a bucket's domain) are left out on purpose:
// the local stack passes its own ones (`Context.attributes`), and any other use is an error.
const kinds: Readonly<Record<string, Kind>> = {
  'AWS::Lambda::Function': { nameProperty: 'FunctionName', attributes: { Arn: functionArn } },
  'AWS::DynamoDB::Table': table,
  'AWS::DynamoDB::GlobalTable': table,
  'AWS::S3::Bucket': {
    nameProperty: 'BucketName',
    nameOf: (stackName, logicalId) => shorten(`${stackName}-${logicalId}`, 63).toLowerCase(),
    attributes: { Arn: bucketArn },
  },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    ref: machineArn,
    attributes: { Arn: machineArn, Name: itself },
  },
  'AWS::SecretsManager::Secret': {
    nameProperty: 'Name',
    // CDK splits a generated name at its hyphens and expects exactly one.
    nameOf: (stackName, logicalId) => `${logicalId}-${digest(stackName + logicalId, 12)}`,
    ref: secretArn,
    attributes: { Id: secretArn },
  },
  'AWS::ApiGatewayV2::Api': {
    nameOf: (stackName, logicalId) => digest(stackName + logicalId, 10),
  },
  'AWS::ApiGatewayV2::Integration': { nameOf: (_, logicalId) => logicalId },
  'AWS::ApiGatewayV2::Stage': { nameProperty: 'StageName' },
  'AWS::Events::Rule': { nameProperty: 'Name', attributes: { Arn: arn('events', 'rule/') } },
  'AWS::Scheduler::Schedule': {
    nameProperty: 'Name',
    attributes: { Arn: arn('scheduler', 'schedule/default/') },
  },
  // Not emulated, but emulated resources refer to their ARNs.
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    attributes: { Arn: (name) => `arn:aws:iam::${accountId}:role/${name}` },
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    attributes: { Arn: (name) => `${arn('logs', 'log-group:')(name)}:*` },
  },
};

export const nameProperty = (type: string) => ownValue(kinds, type)?.nameProperty;

/** The name a resource gets when its template does not name it. */
export function generatedName(type: string, stackName: string, logicalId: string): string {
  const named = ownValue(kinds, type)?.nameOf;
  return named ? named(stackName, logicalId) : shorten(`${stackName}-${logicalId}`, 64);
}

/** The value of `Ref`; `undefined` for a resource that the local stack does not emulate. */
export function refOf(type: string, name: string): string | undefined {
  const kind = ownValue(kinds, type);
  return kind && (kind.ref ?? itself)(name);
}

/** The value of `Fn::GetAtt`; `undefined` for what the local stack does not know. */
export const attributeOf = (type: string, name: string, attribute: string): string | undefined =>
  ownValue(ownValue(kinds, type)?.attributes ?? {}, attribute)?.(name);

// The shortened name has the end of the id, too: CDK puts a hash there, which makes long ids differ.
const shorten = (name: string, length: number) =>
  name.length <= length ? name : `${name.slice(0, length - 9)}-${name.slice(-8)}`;
