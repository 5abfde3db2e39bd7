import { EventType } from 'aws-cdk-lib/aws-s3';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { Aws, Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { bucketPrefixes } from '../functions/domain/model/storage-names.ts';
import { lateThumbnailSeconds } from '../functions/domain/model/task.ts';
import type { Buckets } from './buckets.ts';
import { type CodeOf, createFunctions, type FunctionTable } from './lambda.ts';
import type { Stage } from './stage.ts';
import { timeouts } from './timeouts.ts';

type Props = {
  readonly stage: Stage;
  readonly codeOf: CodeOf;
  readonly buckets: Buckets;
};

type ThumbnailEntry = 'events/make-thumbnail';

/**
 * Makes a thumbnail of every picture that the service stores for a task. Its one function decodes pictures of strangers.
 * So it may only read these pictures and write thumbnails beside them, for which S3 sends no event.
 */
export class Thumbnails extends Construct {
  constructor(scope: Construct, id: string, { stage, codeOf, buckets }: Props) {
    super(scope, id);
    const { 'events/make-thumbnail': make } = createFunctions(this, rowsOf(buckets), {
      codeOf,
      logDays: stage.logDays,
    });
    make.configureAsyncInvoke({
      retryAttempts: 1,
      maxEventAge: Duration.seconds(lateThumbnailSeconds),
    });
    const destination = new LambdaDestination(make);
    buckets.inputs.addEventNotification(EventType.OBJECT_CREATED, destination, {
      prefix: bucketPrefixes.prepared,
    });
    buckets.results.addEventNotification(EventType.OBJECT_CREATED, destination, {
      prefix: bucketPrefixes.results,
    });
  }
}

const rowsOf = ({ inputs, results }: Buckets): FunctionTable<ThumbnailEntry> => ({
  'events/make-thumbnail': {
    id: 'MakeThumbnail',
    memoryMb: 1024, // the decoder takes 200 MB; the rest buys more than half of a processor
    timeoutSeconds: timeouts['events/make-thumbnail'],
    environment: { POWERTOOLS_SERVICE_NAME: Aws.STACK_NAME },
    // Each event names its bucket.
    permissions: [
      ...inputs.allow(
        { prefix: bucketPrefixes.prepared, actions: ['s3:GetObject'] },
        { prefix: bucketPrefixes.thumbnails, actions: ['s3:PutObject'] },
      ).grants,
      ...results.allow(
        { prefix: bucketPrefixes.results, actions: ['s3:GetObject'] },
        { prefix: bucketPrefixes.thumbnails, actions: ['s3:PutObject'] },
      ).grants,
    ],
  },
});
