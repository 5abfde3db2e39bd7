import { BlockPublicAccess, Bucket, BucketEncryption, HttpMethods } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Stage } from './stage.ts';

/** The two private buckets: pictures that callers sent, and pictures that were made for them. */
export class Buckets extends Construct {
  readonly inputs: Bucket;
  readonly results: Bucket;

  constructor(scope: Construct, id: string, { keepData, resultDays, browserOrigins }: Stage) {
    super(scope, id);
    const common = {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      removalPolicy: keepData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
      autoDeleteObjects: !keepData, // or the stack could not go while a picture is there
    };
    const expireAfter = (days: number) => [
      { expiration: Duration.days(days), abortIncompleteMultipartUploadAfter: Duration.days(1) },
    ];
    const cors = (...allowedMethods: HttpMethods[]) =>
      browserOrigins.length === 0
        ? {}
        : {
            cors: [{ allowedMethods, allowedOrigins: [...browserOrigins], allowedHeaders: ['*'] }],
          };

    this.inputs = new Bucket(this, 'Inputs', {
      ...common,
      ...cors(HttpMethods.POST),
      lifecycleRules: expireAfter(1),
    });
    this.results = new Bucket(this, 'Results', {
      ...common,
      ...cors(HttpMethods.GET),
      lifecycleRules: expireAfter(resultDays),
    });
  }
}
