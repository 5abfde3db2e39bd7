import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import { clientConfig, s3ClientConfig } from '../adapters/aws/client-config.ts';
import { taskTable } from '../adapters/aws/dynamodb/task-table.ts';
import { slotDeps } from '../adapters/aws/provider-slots.ts';
import { inputUploads } from '../adapters/aws/s3/input-bucket.ts';
import { taskTokens } from '../adapters/aws/state-machine.ts';
import { taskFunctionStarter } from '../adapters/aws/task-function.ts';
import { metricNames } from '../domain/model/metric-names.ts';
import { poolsWith } from '../domain/providers/pools.ts';
import { queueMetrics, reconcileSlots } from '../domain/providers/reconcile-slots.ts';
import { providerSlots } from '../domain/providers/slots.ts';
import { reconcile, recoveryMetrics } from '../domain/tasks/reconcile.ts';
import { runReconciler } from '../domain/tasks/run-reconciler.ts';
import { readEnv } from '../runtime/env.ts';
import { log } from '../runtime/log.ts';
import { countMetric, countSlotMetric, countTaskMetric, emitMetrics } from '../runtime/metric.ts';
import { grantExpired } from '../runtime/slot-signals.ts';
import { workflowRecovery } from './workflow-recovery.ts';

const env = readEnv('events/reconcile');
const dynamo = new DynamoDBClient(clientConfig);
const tasks = taskTable(dynamo, env.TASK_TABLE);
const states = new SFNClient(clientConfig);
const lambda = new LambdaClient(clientConfig);
const slots = slotDeps({
  dynamo,
  states,
  tables: { tasks: env.TASK_TABLE, queue: env.QUEUE_TABLE },
  pools: poolsWith(env.PROVIDER_CAPACITIES),
  now: Date.now,
  grantExpired,
});
const runSlots = reconcileSlots({
  ...slots,
  reclaimed: (taskId, pool) => {
    log('warn', 'slot.reclaimed', { taskId });
    countSlotMetric(pool, metricNames.reclaimedSlot);
  },
});
const reconcileTasks = reconcile({
  tasks,
  inputs: inputUploads(new S3Client(s3ClientConfig), env.INPUT_BUCKET),
  workflow: taskTokens(states),
  enterQueue: providerSlots(slots).enter,
  ensureWorkflowRunning: workflowRecovery(tasks, states, env.WORKFLOW_ARN),
  deliverCallback: taskFunctionStarter(lambda, env.NOTIFY_FUNCTION),
  deletePictures: taskFunctionStarter(lambda, env.DELETE_PICTURES_FUNCTION),
  now: Date.now,
  recovered: (reason, task) => {
    log('warn', 'task.recovered', { taskId: task.id, code: reason });
    countTaskMetric(task, recoveryMetrics[reason]);
  },
  failed: (taskId, cause) => {
    log('error', 'reconcile.failed', { taskId, cause });
    countMetric(metricNames.reconcilerFailure);
  },
});

const run = runReconciler({
  reconcileSlots: async () => emitMetrics(queueMetrics(await runSlots(), Date.now())),
  reconcileTasks,
  queue: slots.queue,
  now: Date.now,
  slotsFailed: (cause) => {
    log('error', 'reconcile.failed', { cause });
    countMetric(metricNames.reconcilerFailure);
  },
});

export const handler = (): Promise<void> => run();
