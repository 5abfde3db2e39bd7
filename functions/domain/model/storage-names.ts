// The names that the code and the infrastructure must agree on: where objects lie in the buckets, and the
// indexes of the tables. No SDK is imported here, so infra/ can read them too.

/**
 * The prefixes of the object keys. An object below `uploads` sends the event that starts a task, so the service itself
 * never writes there. With thumbnails, `prepared` and `results` send events too, to the function that makes them.
 */
export const bucketPrefixes = {
  /** Input bucket: pictures that callers upload for one task. */
  uploads: 'uploads/',
  /** Input bucket: pictures that callers upload before they create a task. */
  files: 'files/',
  /** Input bucket: the private copies of the inputs, which the provider reads. */
  prepared: 'prepared/',
  /** Input bucket: pictures with a link, which callers have stored through the Files API. */
  hosted: 'hosted/',
  /** Result bucket: the generated images. */
  results: 'results/',
  /** Either bucket: the thumbnails of the private copies, or of the images, in the same bucket. They expire with them. */
  thumbnails: 'thumbs/',
} as const;

/**
 * How many days the input bucket stores what callers send, and the private copies. A task may wait for its uploads for an
 * hour and for its provider for a day, and an execution of it may begin again.
 */
export const inputDays = 3;

/** The tables of the stack. A restore brings all of them back, to the same moment. */
export const tableNames = [
  'Tasks',
  'Accounts',
  'Keys',
  'Activity',
  'Idempotency',
  'Files',
  'Queue',
  'Audit',
] as const;
export type TableName = (typeof tableNames)[number];

/** The secondary indexes of the tables. */
export const indexNames = {
  /** Tasks by check shard and time of the next check. */
  nextCheck: 'nextCheck',
  /** Tasks of an account by time of creation, in several partitions. */
  tasksByAccount: 'byAccount',
  /** All tasks by the day (UTC) and time of creation, in several partitions. */
  tasksByDay: 'byDay',
  /** Tasks of an account whose callback was given up, by the time of that, in several partitions. */
  undeliveredCallbacks: 'undelivered',
  /** API keys of an account by time of creation. */
  keysByAccount: 'byAccount',
  /** All accounts by name. */
  accountsByName: 'listed',
} as const;
