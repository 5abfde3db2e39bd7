import { Construct } from 'constructs';
import { bucketPrefixes } from '../functions/domain/model/storage-names.ts';
import type { Buckets } from './buckets.ts';
import { type CodeOf, createFunctions, type Functions, type FunctionTable } from './lambda.ts';
import type { Stage } from './stage.ts';
import type { Tables } from './tables.ts';
import { timeouts } from './timeouts.ts';

type Props = {
  readonly stage: Stage;
  readonly codeOf: CodeOf;
  readonly tables: Tables;
  readonly buckets: Buckets;
};

type DeletionEntry = 'events/delete-pictures';

/**
 * The one function that may delete pictures. It has no route: the function that deletes a task invokes it, and so does
 * the reconciler. It deletes only the pictures of a task whose record says that the task was deleted.
 */
export class Deletion extends Construct {
  readonly functions: Functions<DeletionEntry>;

  constructor(scope: Construct, id: string, props: Props) {
    super(scope, id);
    const { stage, codeOf } = props;
    this.functions = createFunctions(this, rowsOf(props), { codeOf, logDays: stage.logDays });
  }
}

const rowsOf = ({ tables, buckets }: Props): FunctionTable<DeletionEntry> => ({
  'events/delete-pictures': {
    id: 'DeletePictures',
    timeoutSeconds: timeouts['events/delete-pictures'],
    memoryMb: 1024, // a caller waits for it
    environment: {
      TASK_TABLE: tables.tasks.allow('dynamodb:GetItem', 'dynamodb:UpdateItem'),
      INPUT_BUCKET: buckets.inputs.allow(
        { prefix: bucketPrefixes.uploads, actions: ['s3:DeleteObjectVersion'] },
        { prefix: bucketPrefixes.prepared, actions: ['s3:DeleteObjectVersion'] },
        { prefix: bucketPrefixes.thumbnails, actions: ['s3:DeleteObjectVersion'] },
        's3:ListBucketVersions',
      ),
      RESULT_BUCKET: buckets.results.allow(
        { prefix: bucketPrefixes.results, actions: ['s3:DeleteObjectVersion'] },
        { prefix: bucketPrefixes.thumbnails, actions: ['s3:DeleteObjectVersion'] },
        's3:ListBucketVersions',
      ),
    },
  },
});
