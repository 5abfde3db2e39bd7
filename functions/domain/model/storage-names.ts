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

/** The attributes that are the keys of each table. */
export const tableKeys = {
  Tasks: { partition: 'id', sort: 'part' },
  Accounts: { partition: 'account', sort: 'entry' },
  Keys: { partition: 'keyId' },
  Activity: { partition: 'keyId' },
  Idempotency: { partition: 'id' },
  Files: { partition: 'partition', sort: 'row' },
  Queue: { partition: 'pk', sort: 'sk' },
  Audit: { partition: 'monthShard', sort: 'position' },
} as const satisfies Record<TableName, { readonly partition: string; readonly sort?: string }>;

type SortOf<Key> = Key extends { readonly sort: infer Name extends string } ? Name : never;
/** The key of a row of a table. */
export type KeyOf<T extends TableName> = {
  readonly [name in (typeof tableKeys)[T]['partition'] | SortOf<(typeof tableKeys)[T]>]: string;
};

/** The attributes by which DynamoDB deletes rows, in unix seconds. */
export const expiryAttributes = {
  Tasks: 'ttl',
  Keys: 'ttl',
  Idempotency: 'expiresAt',
  Files: 'ttl',
  Audit: 'ttl',
} as const satisfies Partial<Record<TableName, string>>;

/** The attributes that are the keys of each index. */
export const indexKeys = {
  nextCheck: { partition: 'checkShard', sort: 'nextCheckAt' },
  tasksByAccount: { partition: 'listShard', sort: 'listPosition' },
  tasksByDay: { partition: 'dayShard', sort: 'listPosition' },
  undeliveredCallbacks: { partition: 'undeliveredShard', sort: 'undeliveredPosition' },
  keysByAccount: { partition: 'account', sort: 'createdAt' },
  accountsByName: { partition: 'listed', sort: 'account' },
} as const satisfies Record<
  keyof typeof indexNames,
  { readonly partition: string; readonly sort: string }
>;
