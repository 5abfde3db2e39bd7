import { S3Error } from './error.ts';
import type { Address, Headers } from './http-request.ts';

/**
 * Every operation of S3, as `METHOD path?parameters header`. A request matches an operation if it has all of these.
 * If several match, it is the one with the most parameters and headers.
 */
const operations = {
  ListBuckets: 'GET /',
  ListDirectoryBuckets: 'GET /',

  CreateBucket: 'PUT /bucket',
  DeleteBucket: 'DELETE /bucket',
  HeadBucket: 'HEAD /bucket',
  ListObjects: 'GET /bucket',
  ListObjectsV2: 'GET /bucket?list-type',
  ListObjectVersions: 'GET /bucket?versions',
  ListMultipartUploads: 'GET /bucket?uploads',
  PostObject: 'POST /bucket',
  DeleteObjects: 'POST /bucket?delete',
  CreateSession: 'GET /bucket?session',
  CreateBucketMetadataConfiguration: 'POST /bucket?metadataConfiguration',
  CreateBucketMetadataTableConfiguration: 'POST /bucket?metadataTable',
  DeleteBucketAnalyticsConfiguration: 'DELETE /bucket?analytics',
  DeleteBucketCors: 'DELETE /bucket?cors',
  DeleteBucketEncryption: 'DELETE /bucket?encryption',
  DeleteBucketIntelligentTieringConfiguration: 'DELETE /bucket?intelligent-tiering',
  DeleteBucketInventoryConfiguration: 'DELETE /bucket?inventory',
  DeleteBucketLifecycle: 'DELETE /bucket?lifecycle',
  DeleteBucketMetadataConfiguration: 'DELETE /bucket?metadataConfiguration',
  DeleteBucketMetadataTableConfiguration: 'DELETE /bucket?metadataTable',
  DeleteBucketMetricsConfiguration: 'DELETE /bucket?metrics',
  DeleteBucketOwnershipControls: 'DELETE /bucket?ownershipControls',
  DeleteBucketPolicy: 'DELETE /bucket?policy',
  DeleteBucketReplication: 'DELETE /bucket?replication',
  DeleteBucketTagging: 'DELETE /bucket?tagging',
  DeleteBucketWebsite: 'DELETE /bucket?website',
  DeletePublicAccessBlock: 'DELETE /bucket?publicAccessBlock',
  GetBucketAbac: 'GET /bucket?abac',
  GetBucketAccelerateConfiguration: 'GET /bucket?accelerate',
  GetBucketAcl: 'GET /bucket?acl',
  GetBucketAnalyticsConfiguration: 'GET /bucket?analytics&id',
  GetBucketCors: 'GET /bucket?cors',
  GetBucketEncryption: 'GET /bucket?encryption',
  GetBucketIntelligentTieringConfiguration: 'GET /bucket?intelligent-tiering&id',
  GetBucketInventoryConfiguration: 'GET /bucket?inventory&id',
  GetBucketLifecycleConfiguration: 'GET /bucket?lifecycle',
  GetBucketLocation: 'GET /bucket?location',
  GetBucketLogging: 'GET /bucket?logging',
  GetBucketMetadataConfiguration: 'GET /bucket?metadataConfiguration',
  GetBucketMetadataTableConfiguration: 'GET /bucket?metadataTable',
  GetBucketMetricsConfiguration: 'GET /bucket?metrics&id',
  GetBucketNotificationConfiguration: 'GET /bucket?notification',
  GetBucketOwnershipControls: 'GET /bucket?ownershipControls',
  GetBucketPolicy: 'GET /bucket?policy',
  GetBucketPolicyStatus: 'GET /bucket?policyStatus',
  GetBucketReplication: 'GET /bucket?replication',
  GetBucketRequestPayment: 'GET /bucket?requestPayment',
  GetBucketTagging: 'GET /bucket?tagging',
  GetBucketVersioning: 'GET /bucket?versioning',
  GetBucketWebsite: 'GET /bucket?website',
  GetObjectLockConfiguration: 'GET /bucket?object-lock',
  GetPublicAccessBlock: 'GET /bucket?publicAccessBlock',
  ListBucketAnalyticsConfigurations: 'GET /bucket?analytics',
  ListBucketIntelligentTieringConfigurations: 'GET /bucket?intelligent-tiering',
  ListBucketInventoryConfigurations: 'GET /bucket?inventory',
  ListBucketMetricsConfigurations: 'GET /bucket?metrics',
  PutBucketAbac: 'PUT /bucket?abac',
  PutBucketAccelerateConfiguration: 'PUT /bucket?accelerate',
  PutBucketAcl: 'PUT /bucket?acl',
  PutBucketAnalyticsConfiguration: 'PUT /bucket?analytics',
  PutBucketCors: 'PUT /bucket?cors',
  PutBucketEncryption: 'PUT /bucket?encryption',
  PutBucketIntelligentTieringConfiguration: 'PUT /bucket?intelligent-tiering',
  PutBucketInventoryConfiguration: 'PUT /bucket?inventory',
  PutBucketLifecycleConfiguration: 'PUT /bucket?lifecycle',
  PutBucketLogging: 'PUT /bucket?logging',
  PutBucketMetricsConfiguration: 'PUT /bucket?metrics',
  PutBucketNotificationConfiguration: 'PUT /bucket?notification',
  PutBucketOwnershipControls: 'PUT /bucket?ownershipControls',
  PutBucketPolicy: 'PUT /bucket?policy',
  PutBucketReplication: 'PUT /bucket?replication',
  PutBucketRequestPayment: 'PUT /bucket?requestPayment',
  PutBucketTagging: 'PUT /bucket?tagging',
  PutBucketVersioning: 'PUT /bucket?versioning',
  PutBucketWebsite: 'PUT /bucket?website',
  PutObjectLockConfiguration: 'PUT /bucket?object-lock',
  PutPublicAccessBlock: 'PUT /bucket?publicAccessBlock',
  UpdateBucketMetadataAnnotationTableConfiguration: 'PUT /bucket?metadataAnnotationTable',
  UpdateBucketMetadataInventoryTableConfiguration: 'PUT /bucket?metadataInventoryTable',
  UpdateBucketMetadataJournalTableConfiguration: 'PUT /bucket?metadataJournalTable',

  GetObject: 'GET /bucket/key',
  HeadObject: 'HEAD /bucket/key',
  PutObject: 'PUT /bucket/key',
  CopyObject: 'PUT /bucket/key x-amz-copy-source',
  DeleteObject: 'DELETE /bucket/key',
  CreateMultipartUpload: 'POST /bucket/key?uploads',
  UploadPart: 'PUT /bucket/key?partNumber&uploadId',
  UploadPartCopy: 'PUT /bucket/key?partNumber&uploadId x-amz-copy-source',
  ListParts: 'GET /bucket/key?uploadId',
  CompleteMultipartUpload: 'POST /bucket/key?uploadId',
  AbortMultipartUpload: 'DELETE /bucket/key?uploadId',
  DeleteObjectAnnotation: 'DELETE /bucket/key?annotation',
  DeleteObjectTagging: 'DELETE /bucket/key?tagging',
  GetObjectAcl: 'GET /bucket/key?acl',
  GetObjectAnnotation: 'GET /bucket/key?annotation',
  GetObjectAttributes: 'GET /bucket/key?attributes',
  GetObjectLegalHold: 'GET /bucket/key?legal-hold',
  GetObjectRetention: 'GET /bucket/key?retention',
  GetObjectTagging: 'GET /bucket/key?tagging',
  GetObjectTorrent: 'GET /bucket/key?torrent',
  ListObjectAnnotations: 'GET /bucket/key?annotation',
  PutObjectAcl: 'PUT /bucket/key?acl',
  PutObjectAnnotation: 'PUT /bucket/key?annotation',
  PutObjectLegalHold: 'PUT /bucket/key?legal-hold',
  PutObjectRetention: 'PUT /bucket/key?retention',
  PutObjectTagging: 'PUT /bucket/key?tagging',
  RenameObject: 'PUT /bucket/key?renameObject',
  RestoreObject: 'POST /bucket/key?restore',
  SelectObjectContent: 'POST /bucket/key?select',
  UpdateObjectEncryption: 'PUT /bucket/key?encryption',
} as const;

export type OperationName = keyof typeof operations;

const patterns = Object.entries(operations).map(([name, text]) => {
  const [method = '', target = '', ...headers] = text.split(' ');
  const [path = '', parameters = ''] = target.split('?');
  return { name, method, path, parameters: parameters.split('&').filter(Boolean), headers };
});

/** Names the operation that a request asks for. @throws {S3Error} when S3 has no such operation */
export function operationName(method: string, address: Address, headers: Headers): string {
  const path = pathOf(address);
  const matching = patterns.filter(
    (pattern) =>
      pattern.method === method &&
      pattern.path === path &&
      pattern.parameters.every((name) => address.query.has(name)) &&
      pattern.headers.every((name) => headers[name] !== undefined),
  );
  const maxDetails = Math.max(...matching.map(detailsOf));
  const [first, ...others] = matching.filter((pattern) => detailsOf(pattern) === maxDetails);
  if (!first) throw new S3Error('MethodNotAllowed');
  // A few operations differ only in their name, which the SDK sends as `x-id`.
  const wanted = address.query.get('x-id');
  return others.find(({ name }) => name === wanted)?.name ?? first.name;
}

function pathOf({ bucket, key }: Address): string {
  if (bucket === '') return '/';
  return key === '' ? '/bucket' : '/bucket/key';
}

const detailsOf = ({ parameters, headers }: (typeof patterns)[number]): number =>
  parameters.length + headers.length;
