/** The namespace of every metric that the functions emit. */
export const metricNamespace = 'Darkroom';

/**
 * Every metric that the functions emit, by its name in CloudWatch. Alarms and the dashboard
 * (`infra/`) take the names from here, so that a renamed metric cannot leave an alarm without data.
 */
export const metricNames = {
  // The life of a task, written by the domain.
  taskCreated: 'TaskCreated',
  taskCompleted: 'TaskCompleted',
  taskFailed: 'TaskFailed',
  /** A task failed, and neither its caller nor a picture is the reason. */
  brokenTask: 'BrokenTask',
  /** A task failed because no provider took its job or finished it. */
  providerFailedTask: 'ProviderFailedTask',
  imagesMade: 'ImagesMade',
  creditsReserved: 'CreditsReserved',
  creditsCharged: 'CreditsCharged',
  /** A create beyond the daily budget of its account, whether it was refused or not. */
  budgetExceeded: 'BudgetExceeded',
  /** From the start of the workflow to the end of the task. */
  taskSeconds: 'TaskSeconds',
  /** From the start of the workflow until a provider accepted the job. */
  waitSeconds: 'WaitSeconds',
  /** From the accepted job to the end of the task. */
  providerSeconds: 'ProviderSeconds',

  // What the reconciler repaired.
  unstartedTask: 'UnstartedTask',
  /** All pictures of a task were uploaded, but an event about one of them did not arrive. */
  uploadEventLost: 'UploadEventLost',
  /** A task did not get all of its pictures while its forms were valid. */
  uploadsExpired: 'UploadsExpired',
  taskPastDeadline: 'TaskPastDeadline',
  deadExecution: 'DeadExecution',
  pendingCallback: 'PendingCallback',
  unfinishedDeletion: 'UnfinishedDeletion',
  /** A task did not take up the slot that it was given. */
  expiredGrant: 'ExpiredGrant',
  /** A slot was freed whose task had ended, or had never submitted. */
  reclaimedSlot: 'ReclaimedSlot',

  // The queue in front of the providers, once a minute.
  queuedTasks: 'QueuedTasks',
  oldestQueuedSeconds: 'OldestQueuedSeconds',
  slotsTaken: 'SlotsTaken',
  slotsTotal: 'SlotsTotal',

  // A run of the canary: 1 (succeeded) or 0, and how long a successful run took.
  canarySucceeded: 'CanarySucceeded',
  canarySeconds: 'CanarySeconds',

  /**
   * The response time of the API in milliseconds, without routes that are slow on purpose; from the access log
   * (`infra/api.ts`).
   */
  responseMs: 'ResponseMs',

  // What an operator has to investigate.
  exhaustedTask: 'ExhaustedTask',
  reconcilerFailure: 'ReconcilerFailure',
  /** A task had a slot, but the provider was busy or could not be reached: the task waits in the queue again. */
  deferredSubmit: 'DeferredSubmit',
  unknownSubmit: 'UnknownSubmit',
  /** A provider gave no result of a job for the whole time in which it stores one. */
  unansweredTask: 'UnansweredTask',
  providerAccountRejected: 'ProviderAccountRejected',
  undeliveredCallback: 'UndeliveredCallback',

  /** A picture has no thumbnail, because it could not be decoded. */
  thumbnailFailed: 'ThumbnailFailed',
} as const;

export type MetricName = (typeof metricNames)[keyof typeof metricNames];

/**
 * One value of a metric. CloudWatch bills each name and stores it for 15 months, so no name contains a
 * caller or a task.
 */
export type Metric = readonly [name: MetricName, unit: 'Count' | 'Seconds', value: number];

/** What one event adds to the metrics, and the error code if it is a failure. */
export type MetricUpdate = {
  readonly numbers: readonly Metric[];
  readonly code?: string | undefined;
};
