import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { storageRequestMs } from '../../domain/model/deadlines.ts';
import { deletePicturesSeconds } from '../../domain/model/task.ts';

// A connection or a response that never comes must not use up the time of a function: the SDK tries again on another
// connection.
const connectionTimeout = 2000;

type Logger = NonNullable<DynamoDBClientConfig['logger']>;

// Nobody reads what the SDK logs. Its own logger is silent, but as long as there are `info` and `error` the SDK copies
// every request and response without their secrets for them: more than a tenth of the time of a call. The SDK checks that
// these two exist before it calls them; it calls the others without a check.
const logger = { debug: () => {}, warn: () => {} } as Partial<Logger> as Logger;

const within = (requestTimeout: number) => ({
  logger,
  requestHandler: { connectionTimeout, requestTimeout, throwOnRequestTimeout: true },
});

/** For clients whose requests are small: DynamoDB, Secrets Manager, Step Functions, Lambda. Times in milliseconds. */
export const clientConfig = within(5000);

/** For a call that waits for a function: a little longer than the function may run. */
export const runnerClientConfig = within((deletePicturesSeconds + 2) * 1000);

export const s3ClientConfig = within(storageRequestMs);
