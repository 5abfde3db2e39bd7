import { checkShards, listShards } from '../functions/adapters/aws/dynamodb/task-row.ts';
import { maxShards } from '../functions/domain/billing/shards.ts';
import { defaultLimits } from '../functions/domain/model/account.ts';
import { indexNames } from '../functions/domain/model/storage-names.ts';
import { stages } from '../infra/stage.ts';
import type { MeasuredTask } from './darkroom-usage.ts';
import { lognormal } from './durations.ts';
import { mean, sum } from './statistics.ts';

// Which quota binds first. The bench counts what one task needs. The quotas are AWS's defaults in us-east-1, where most
// are higher than elsewhere, as documented in November 2026:
// - Step Functions, developer guide, "Quotas": refill rates of StartExecution (other regions: 150), of
//   StateTransition (1,500 in the edition of 2023, 5,000 in newer ones; other regions: 800), and of SendTask….
// - Lambda, developer guide, "Lambda quotas": 1,000 at the same time; a new AWS account may have as few as 10.
// - API Gateway, developer guide, "Quotas": 10,000 requests a second in an AWS account.
// - DynamoDB, developer guide, "On-demand capacity mode" and "Partitions": a new table takes 4,000 write units a second,
//   and more after a while; a partition 1,000, for good.
// - DashScope, Model Studio, "Rate limits" of wan2.5-i2i-preview: five jobs at the same time, five submits and 20 queries a second.

const awsQuotas = {
  startExecution: 300,
  transitions: 1500,
  sendTask: 500,
  concurrentFunctions: 1000,
  concurrentFunctionsOfNewAccount: 10,
  apiRequests: 10_000,
  tableUnits: 4000,
  partitionUnits: 1000,
};
const dashScopeQuotas = { runningJobs: 5, submits: 5, queries: 20 };

/** How long a job takes on average, in seconds. */
const jobSeconds = mean(lognormal(1000));

/** A quota, and how much of it one task a second needs. */
export type Quota = {
  readonly name: string;
  /** Who sets the quota, and so can raise it. */
  readonly of: 'provider' | 'Darkroom' | 'AWS';
  readonly need: number;
  readonly quota: number;
};

export const tasksPerSecond = ({ need, quota }: Quota): number => quota / need;

/** The quotas that limit tasks, the lowest first. A quota that a task does not use is left out. */
export const quotasOf = (task: MeasuredTask, provider: 'polling' | 'webhook'): readonly Quota[] =>
  [
    ...(provider === 'polling' ? providerQuotas(task) : []),
    ...ownQuotas(task),
    ...serviceQuotas(task),
  ]
    .filter(({ need }) => need > 0)
    .toSorted((one, other) => tasksPerSecond(one) - tasksPerSecond(other));

/** The quotas of the provider that is polled. The one with webhooks publishes none. */
function providerQuotas({ load }: MeasuredTask): readonly Quota[] {
  const of = 'provider';
  const { runningJobs, submits, queries } = dashScopeQuotas;
  return [
    { name: 'DashScope, running jobs', of, need: jobSeconds, quota: runningJobs },
    { name: 'DashScope, submits', of, need: 1, quota: submits },
    { name: 'DashScope, queries', of, need: load.providerCalls - 1, quota: queries },
  ];
}

/** Darkroom's own limits, by default; an operator can change them. */
function ownQuotas({ usage }: MeasuredTask): readonly Quota[] {
  const of = 'Darkroom';
  const { requestsPerMinute, tasksInFlight } = defaultLimits;
  const { rate } = stages.prod.throttle;
  return [
    { name: 'creates of one key', of, need: 1, quota: requestsPerMinute / 60 },
    { name: 'open tasks of one account', of, need: jobSeconds, quota: tasksInFlight },
    { name: 'requests of the stage prod', of, need: usage.apiRequests, quota: rate },
  ];
}

function serviceQuotas({ usage, load }: MeasuredTask): readonly Quota[] {
  const of = 'AWS';
  const units = (table: 'Tasks' | 'Accounts' | 'Keys', index?: string): number => {
    const isIt = (name: string) => name.includes(`Tables${table}`) && name.split('/')[1] === index;
    return sum([...load.writeUnits].map(([name, size]) => (isIt(name) ? size : 0)));
  };
  const calls = (operation: string): number => load.stepFunctions.get(operation) ?? 0;
  const { tableUnits, partitionUnits, sendTask } = awsQuotas;
  const functions = {
    'functions, new AWS account': awsQuotas.concurrentFunctionsOfNewAccount,
    functions: awsQuotas.concurrentFunctions,
  };
  return [
    ...Object.entries(functions).map(
      ([name, quota]) =>
        ({
          name: `Lambda, ${name}`,
          of,
          need: load.lambdaSeconds,
          quota,
        }) as const,
    ),
    { name: 'API Gateway, requests', of, need: usage.apiRequests, quota: awsQuotas.apiRequests },
    {
      name: 'Step Functions, transitions',
      of,
      need: usage.transitions,
      quota: awsQuotas.transitions,
    },
    {
      name: 'Step Functions, starts',
      of,
      need: calls('StartExecution'),
      quota: awsQuotas.startExecution,
    },
    {
      name: 'Step Functions, SendTaskSuccess',
      of,
      need: calls('SendTaskSuccess'),
      quota: sendTask,
    },
    {
      name: 'Step Functions, SendTaskFailure',
      of,
      need: calls('SendTaskFailure'),
      quota: sendTask,
    },
    {
      name: 'Step Functions, SendTaskHeartbeat',
      of,
      need: calls('SendTaskHeartbeat'),
      quota: sendTask,
    },
    { name: 'new table of tasks', of, need: units('Tasks'), quota: tableUnits },
    { name: 'new table of accounts', of, need: units('Accounts'), quota: tableUnits },
    { name: 'new table of keys', of, need: units('Keys'), quota: tableUnits },
    {
      name: "list of one account's tasks (index)",
      of,
      need: units('Tasks', indexNames.tasksByAccount),
      quota: listShards * partitionUnits,
    },
    {
      name: 'due checks (index)',
      of,
      need: units('Tasks', indexNames.nextCheck),
      quota: checkShards * partitionUnits,
    },
    {
      name: "one account's shards",
      of,
      need: units('Accounts'),
      quota: maxShards * partitionUnits,
    },
  ];
}
