import {
  BlockPublicAccess,
  BucketEncryption,
  HttpMethods,
  Bucket as S3Bucket,
} from 'aws-cdk-lib/aws-s3';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { hostedFileDays } from '../functions/domain/model/hosted-file.ts';
import { bucketPrefixes, inputDays } from '../functions/domain/model/storage-names.ts';
import type { Binding, Grant, NonEmpty } from './bindings.ts';
import type { Stage } from './stage.ts';

/** Actions on the objects below one prefix. */
type ObjectAccess = {
  readonly prefix: (typeof bucketPrefixes)[keyof typeof bucketPrefixes];
  readonly actions: NonEmpty<'s3:GetObject' | 's3:PutObject' | 's3:DeleteObjectVersion'>;
};
/** Without `s3:ListBucket` S3 answers 403 for an object that does not exist, instead of 404. */
type ListAccess = 's3:ListBucket' | 's3:ListBucketVersions';

/** A bucket that functions get by name and permission at once. */
export class Bucket extends S3Bucket {
  /** The bucket's name, with these actions on the objects below a prefix. */
  allow(...access: NonEmpty<ObjectAccess | ListAccess>): Binding<'bucket'> {
    const [first, ...others] = access;
    return {
      kind: 'bucket',
      value: this.bucketName,
      grants: [this.grantOf(first), ...others.map((one) => this.grantOf(one))],
    };
  }

  private grantOf(access: ObjectAccess | ListAccess): Grant {
    if (typeof access === 'string') return { actions: [access], resources: [this.bucketArn] };
    const { prefix, actions } = access;
    return { actions, resources: [this.arnForObjects(`${prefix}*`)] };
  }
}

/** The two private buckets: the pictures that callers send, and the pictures that are generated. */
export class Buckets extends Construct {
  readonly inputs: Bucket;
  readonly results: Bucket;
  /** The origins that a page sends pictures to and loads them from. */
  readonly origins: readonly string[];

  /** @param pageOrigins the origins of the web pages that may use the buckets */
  constructor(
    scope: Construct,
    id: string,
    { keepData, retentionDays }: Stage,
    pageOrigins: readonly string[],
  ) {
    super(scope, id);
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: keepData ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
      autoDeleteObjects: !keepData, // a bucket with objects in it cannot be deleted with its stack
    };
    const expireAfter = (days: number, prefix?: string) => ({
      ...(prefix !== undefined && { prefix }),
      expiration: Duration.days(days),
      abortIncompleteMultipartUploadAfter: Duration.days(1),
    });
    const cors = (...allowedMethods: HttpMethods[]) => ({
      cors: [{ allowedMethods, allowedOrigins: [...pageOrigins], allowedHeaders: ['*'] }],
    });

    this.inputs = new Bucket(this, 'Inputs', {
      ...common,
      ...cors(HttpMethods.POST, HttpMethods.GET), // a form's upload, and an input that is used again
      // Of two rules for the same object S3 takes the shorter, so each rule has a prefix.
      lifecycleRules: [
        expireAfter(inputDays, bucketPrefixes.uploads),
        expireAfter(inputDays, bucketPrefixes.files),
        expireAfter(inputDays, bucketPrefixes.prepared),
        expireAfter(inputDays, bucketPrefixes.thumbnails),
        expireAfter(hostedFileDays, bucketPrefixes.hosted),
      ],
    });
    this.results = new Bucket(this, 'Results', {
      ...common,
      ...cors(HttpMethods.GET),
      lifecycleRules: [expireAfter(retentionDays)],
    });
    // The same origins as in forms and links (functions/adapters/aws/s3).
    this.origins = [this.inputs, this.results].map(
      ({ bucketName }) => `https://${bucketName}.s3.${Aws.REGION}.amazonaws.com`,
    );
  }
}
