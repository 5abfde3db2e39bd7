import { inject } from 'vitest';
import { bucketsOf } from '../../local/template/read-buckets.ts';
import { machinesOf } from '../../local/template/read-machines.ts';
import { secretsOf } from '../../local/template/read-secrets.ts';
import { tablesOf } from '../../local/template/read-tables.ts';

// The tables, buckets and machines under contract are those of the template, not copies of them.
const context = { template: inject('template') };

export const tables = tablesOf(context);
export const buckets = bucketsOf(context);
export const machines = machinesOf(context);
export const secrets = secretsOf(context);

const named = (names: readonly string[], part: string): string =>
  names.find((name) => name.toLowerCase().includes(part)) ?? refuse(part);
const tableNames = tables.map(({ TableName }) => TableName);
const bucketNames = buckets.map(({ name }) => name);

export const tableOf = {
  tasks: named(tableNames, 'tablestasks'),
  accounts: named(tableNames, 'tablesaccounts'),
  keys: named(tableNames, 'tableskeys'),
  activity: named(tableNames, 'tablesactivity'),
  idempotency: named(tableNames, 'tablesidempotency'),
};

export const bucketOf = {
  inputs: named(bucketNames, 'bucketsinputs'),
  results: named(bucketNames, 'bucketsresults'),
};

/** What the clients of the SDK are told here, as a Lambda would be told by its environment. */
export const sdk = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDCONTRACT', secretAccessKey: 'contract-secret' },
};

function refuse(part: string): never {
  throw new Error(`the template has no ${part}`);
}
