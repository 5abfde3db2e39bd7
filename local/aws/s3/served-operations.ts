import type { RequiredAction } from '../iam/evaluate-policy.ts';
import { completeMultipartUpload } from './complete-multipart-upload.ts';
import { copyObject } from './copy-object.ts';
import { deleteObject } from './delete-object.ts';
import { S3Error } from './error.ts';
import { getObject, headObject } from './get-object.ts';
import type { Headers } from './http-request.ts';
import { isKnown, requireKnownHeaders } from './known-headers.ts';
import { listObjectsV2 } from './list-objects.ts';
import { listMultipartUploads, listParts } from './list-uploads.ts';
import { listObjectVersions } from './list-versions.ts';
import {
  abortMultipartUpload,
  createMultipartUpload,
  uploadPart,
  uploadPartCopy,
} from './multipart-upload.ts';
import type { OperationName } from './operation-name.ts';
import { putObject } from './put-object.ts';
import type { S3Context, S3Request, S3Response } from './request.ts';
import {
  bucketActions,
  copyActions,
  deleteActions,
  objectActions,
  putActions,
  readActions,
} from './required-actions.ts';

/** An operation that is served here. */
export type Operation = {
  /** The parameters that it knows, beside those of every request. */
  readonly parameters: readonly string[];
  /** The headers that it knows, of those that change what S3 does. `*` stands for the rest of a name. */
  readonly headers: readonly string[];
  readonly requiredActions: (request: S3Request, context: S3Context) => readonly RequiredAction[];
  readonly run: (request: S3Request, context: S3Context) => S3Response | Promise<S3Response>;
};

const responseHeaders = [
  'response-cache-control',
  'response-content-disposition',
  'response-content-encoding',
  'response-content-language',
  'response-content-type',
  'response-expires',
];
const conditionalRead = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since'];
const conditionalWrite = ['if-match', 'if-none-match'];
const bodyHeaders = [
  'x-amz-checksum-crc32',
  'x-amz-checksum-sha1',
  'x-amz-checksum-sha256',
  'x-amz-decoded-content-length',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-trailer',
];
const versionId = ['versionId'];
const newObject = ['x-amz-meta-*', 'x-amz-storage-class'];
const copySource = [
  'x-amz-copy-source',
  'x-amz-copy-source-if-match',
  'x-amz-copy-source-if-modified-since',
  'x-amz-copy-source-if-none-match',
  'x-amz-copy-source-if-unmodified-since',
];

/**
 * The operations that are served. A request for anything that is not listed here is rejected with its name. If it
 * were ignored, the client would believe that it was done.
 */
export const servedOperations: Readonly<Partial<Record<OperationName, Operation>>> = {
  HeadBucket: {
    parameters: [],
    headers: [],
    requiredActions: bucketActions('s3:ListBucket'),
    run: () => ({ status: 200 }),
  },
  ListObjectsV2: {
    parameters: [
      'list-type',
      'continuation-token',
      'delimiter',
      'encoding-type',
      'fetch-owner',
      'max-keys',
      'prefix',
      'start-after',
    ],
    headers: [],
    requiredActions: bucketActions('s3:ListBucket'),
    run: listObjectsV2,
  },
  GetObject: {
    parameters: [...responseHeaders, ...versionId],
    headers: [...conditionalRead, 'x-amz-checksum-mode'],
    requiredActions: readActions,
    run: getObject,
  },
  HeadObject: {
    parameters: [...responseHeaders, ...versionId],
    headers: [...conditionalRead, 'x-amz-checksum-mode'],
    requiredActions: readActions,
    run: headObject,
  },
  PutObject: {
    parameters: [],
    headers: [...conditionalWrite, ...bodyHeaders, ...newObject],
    requiredActions: putActions,
    run: putObject,
  },
  CopyObject: {
    parameters: [],
    headers: [...conditionalWrite, ...newObject, ...copySource, 'x-amz-metadata-directive'],
    requiredActions: copyActions,
    run: copyObject,
  },
  // A real form never gets here: `handleRequest` reads it first, since its signature is inside. Only other bodies do.
  PostObject: {
    parameters: [],
    headers: [],
    requiredActions: () => [],
    run: () => {
      throw new S3Error(
        'PreconditionFailed',
        'Bucket POST must be of the enclosure-type multipart/form-data',
      );
    },
  },
  DeleteObject: {
    parameters: versionId,
    headers: [],
    requiredActions: deleteActions,
    run: deleteObject,
  },
  ListObjectVersions: {
    parameters: [
      'versions',
      'delimiter',
      'encoding-type',
      'key-marker',
      'max-keys',
      'prefix',
      'version-id-marker',
    ],
    headers: [],
    requiredActions: bucketActions('s3:ListBucketVersions'),
    run: listObjectVersions,
  },
  CreateMultipartUpload: {
    parameters: ['uploads'],
    headers: [...newObject, 'x-amz-checksum-algorithm', 'x-amz-checksum-type'],
    requiredActions: objectActions('s3:PutObject'),
    run: createMultipartUpload,
  },
  UploadPart: {
    parameters: ['partNumber', 'uploadId'],
    headers: bodyHeaders,
    requiredActions: objectActions('s3:PutObject'),
    run: uploadPart,
  },
  UploadPartCopy: {
    parameters: ['partNumber', 'uploadId'],
    headers: [...copySource, 'x-amz-copy-source-range'],
    requiredActions: copyActions,
    run: uploadPartCopy,
  },
  CompleteMultipartUpload: {
    parameters: ['uploadId'],
    headers: [
      ...conditionalWrite,
      'x-amz-checksum-crc32',
      'x-amz-checksum-sha1',
      'x-amz-checksum-sha256',
      'x-amz-checksum-type',
      'x-amz-mp-object-size',
    ],
    requiredActions: putActions,
    run: completeMultipartUpload,
  },
  AbortMultipartUpload: {
    parameters: ['uploadId'],
    headers: [],
    requiredActions: objectActions('s3:AbortMultipartUpload'),
    run: abortMultipartUpload,
  },
  ListParts: {
    parameters: ['uploadId', 'encoding-type', 'max-parts', 'part-number-marker'],
    headers: [],
    requiredActions: objectActions('s3:ListMultipartUploadParts'),
    run: listParts,
  },
  ListMultipartUploads: {
    parameters: [
      'uploads',
      'delimiter',
      'encoding-type',
      'key-marker',
      'max-uploads',
      'prefix',
      'upload-id-marker',
    ],
    headers: [],
    requiredActions: bucketActions('s3:ListBucketMultipartUploads'),
    run: listMultipartUploads,
  },
};

/** @throws {S3Error} unless the operation is served, with all that the request asks for */
export function servedOperation(name: string, query: URLSearchParams, headers: Headers): Operation {
  const operation = new Map(Object.entries(servedOperations)).get(name);
  if (!operation) throw new S3Error('NotImplemented', `This S3 does not have ${name}.`);
  const known = [...operation.parameters, ...parametersOfAll];
  const unknown = [...query.keys()].find((parameter) => !isKnown(parameter, known));
  if (unknown !== undefined) {
    throw new S3Error('NotImplemented', `This S3 does not know ?${unknown} of ${name}.`);
  }
  requireKnownHeaders(name, operation.headers, headers);
  return operation;
}

// A presigner moves headers into the query, where they are checked as headers.
const parametersOfAll = ['x-id', 'x-amz-*', 'X-Amz-*'];
