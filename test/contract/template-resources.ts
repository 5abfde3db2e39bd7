import { inject } from 'vitest';
import { clientConfig } from '../../functions/adapters/aws/client-config.ts';
import { bucketsOf } from '../../local/aws/template/read-buckets.ts';
import { machinesOf } from '../../local/aws/template/read-machines.ts';
import { secretsOf } from '../../local/aws/template/read-secrets.ts';
import { tablesOf } from '../../local/aws/template/read-tables.ts';

// The tables, buckets and state machines under test are read from the template, not copied.
const template = inject('template');
const apis = Object.keys(template.resources).filter(
  (id) => template.resources[id]?.Type === 'AWS::ApiGatewayV2::Api',
);
// The buckets allow the origin of the console, which is that of the API.
const attributes = Object.fromEntries(
  apis.map((id) => [id, { ApiEndpoint: 'http://127.0.0.1:8080' }]),
);
const context = { template, attributes };

export const tables = tablesOf(context);
export const buckets = bucketsOf(context);
export const machines = machinesOf(context);
export const secrets = secretsOf(context);

function findName(names: readonly string[], part: string): string {
  const name = names.find((one) => one.toLowerCase().includes(part));
  if (!name) throw new Error(`the template has no ${part}`);
  return name;
}

const templateTables = tables.map(({ TableName }) => TableName);
export const tableNames = {
  tasks: findName(templateTables, 'tablestasks'),
  accounts: findName(templateTables, 'tablesaccounts'),
  keys: findName(templateTables, 'tableskeys'),
  activity: findName(templateTables, 'tablesactivity'),
  idempotency: findName(templateTables, 'tablesidempotency'),
  files: findName(templateTables, 'tablesfiles'),
  queue: findName(templateTables, 'tablesqueue'),
  audit: findName(templateTables, 'tablesaudit'),
};

const templateBuckets = buckets.map(({ name }) => name);
export const bucketNames = {
  inputs: findName(templateBuckets, 'bucketsinputs'),
  results: findName(templateBuckets, 'bucketsresults'),
};

/** How the clients of the SDK are configured here; a Lambda gets this from its environment. */
export const sdkConfig = {
  logger: clientConfig.logger,
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDCONTRACT', secretAccessKey: 'contract-secret' },
};
